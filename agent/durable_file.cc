#include "agent/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "agent/file_descriptor.h"
#include "common/status.h"

namespace lb::agent {
namespace {

absl::Status WriteAll(int fd, std::string_view content,
                      const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = write(fd, content.data(), content.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, path);
    }
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return absl::OkStatus();
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status SyncDirectory(const std::string& directory) {
  const FileDescriptor fd(
      open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || fsync(fd.get()) != 0) {
    return ErrnoStatus(errno, directory);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteFileDurably(const std::string& path,
                              std::string_view content) {
  const std::string fresh = path + ".new";
  {
    // A file left by a crash could have another mode, so it is made anew.
    if (unlink(fresh.c_str()) != 0 && errno != ENOENT) {
      return ErrnoStatus(errno, fresh);
    }
    const FileDescriptor fd(
        open(fresh.c_str(),
             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.valid()) return ErrnoStatus(errno, fresh);
    LB_RETURN_IF_ERROR(WriteAll(fd.get(), content, fresh));
    if (fsync(fd.get()) != 0) return ErrnoStatus(errno, fresh);
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(errno, path);
  }
  return SyncDirectory(DirectoryOf(path));
}

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path,
                                            std::size_t limit_bytes) {
  const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, path);
  if ((info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        path, ": others than its owner may read it; chmod 600 it"));
  }
  std::string content;
  std::string block(65'536, '\0');
  for (;;) {
    const ssize_t n = read(fd.get(), block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, path);
    if (n == 0) return content;
    content.append(block, 0, static_cast<std::size_t>(n));
    if (content.size() > limit_bytes) {
      return absl::OutOfRangeError(absl::StrCat(path, ": longer than ",
                                                limit_bytes,
                                                " bytes, so not ours; name "
                                                "another file"));
    }
  }
}

}  // namespace lb::agent
