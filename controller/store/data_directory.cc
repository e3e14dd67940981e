#include "controller/store/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {
namespace {

// A directory that others may enter is closed to them if nothing but our own
// files is in it; whoever shares other things there has to decide.
absl::Status CloseToOthers(const std::string& path, mode_t mode) {
  if ((mode & 077) == 0) return absl::OkStatus();
  std::error_code error;
  const bool ours = std::filesystem::exists(path + "/control.db", error) ||
                    std::filesystem::is_empty(path, error);
  if (!ours) {
    return absl::PermissionDeniedError(absl::StrCat(
        path, " holds other files and is open to other users; run chmod 700 ",
        path, ", or use another data directory"));
  }
  return chmod(path.c_str(), 0700) == 0 ? absl::OkStatus()
                                        : ErrnoStatus(errno, path);
}

}  // namespace

absl::StatusOr<DataDirectory> DataDirectory::Hold(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT || mkdir(path.c_str(), 0700) != 0) {
      return absl::Status(absl::ErrnoToStatusCode(errno),
                          absl::StrCat("data directory ", path, ": ",
                                       std::generic_category().message(errno),
                                       "; use one that can be made"));
    }
  } else if (!S_ISDIR(status.st_mode)) {
    return ErrnoStatus(ENOTDIR, "data directory " + path);
  } else {
    LB_RETURN_IF_ERROR(CloseToOthers(path, status.st_mode));
  }
  const std::string lock_path = path + "/lock";
  const int lock = open(lock_path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock < 0) return ErrnoStatus(errno, lock_path);
  DataDirectory directory(path, lock);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoStatus(errno, lock_path);
    return absl::UnavailableError(absl::StrCat(
        path,
        " is held by another process; stop it, or use another data "
        "directory"));
  }
  return directory;
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace lb::controller
