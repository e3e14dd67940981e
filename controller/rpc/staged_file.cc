#include "controller/rpc/staged_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {
namespace {

absl::StatusOr<int> MemoryFile(std::string_view bytes) {
  const int fd = memfd_create("lb-tls", MFD_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "memory for a certificate");
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      const absl::Status failed = ErrnoStatus(errno, "a certificate's copy");
      close(fd);
      return failed;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return fd;
}

}  // namespace

absl::StatusOr<StagedFile> StagedFile::Make(std::string_view bytes) {
  LB_ASSIGN_OR_RETURN(const int fd, MemoryFile(bytes));
  return StagedFile(fd);
}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

StagedFile::~StagedFile() {
  if (fd_ >= 0) close(fd_);
}

absl::Status StagedFile::Replace(std::string_view bytes) {
  LB_ASSIGN_OR_RETURN(const int fresh, MemoryFile(bytes));
  // The path stays, and leads to the other file from one moment to the next.
  const int result = dup3(fresh, fd_, O_CLOEXEC);
  const int error = errno;
  close(fresh);
  if (result < 0) return ErrnoStatus(error, path());
  return absl::OkStatus();
}

std::string StagedFile::path() const {
  return absl::StrCat("/proc/self/fd/", fd_);
}

}  // namespace lb::controller
