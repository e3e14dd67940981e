#include "agent/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::agent {
namespace {

absl::Status Prepare(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Annotate(ErrnoStatus(errno, path),
                    "state directory (make its parent, or name another with "
                    "--state-dir)");
  }
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
  if (!S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("state directory ", path,
                     " is not a directory; name another with --state-dir"));
  }
  if (info.st_uid != geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat("state directory ", path, " belongs to user ", info.st_uid,
                     "; chown it, or name another with --state-dir"));
  }
  if ((info.st_mode & 07777) != 0700 && chmod(path.c_str(), 0700) != 0) {
    return ErrnoStatus(errno, path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StateDirectory> StateDirectory::Open(std::string path) {
  LB_RETURN_IF_ERROR(Prepare(path));
  const std::string lock_path = path + "/lock";
  FileDescriptor lock(
      open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return ErrnoStatus(errno, lock_path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoStatus(errno, lock_path);
    return absl::UnavailableError(
        absl::StrCat("state directory ", path,
                     " is held by another agent; stop it, or name another with "
                     "--state-dir"));
  }
  return StateDirectory(std::move(path), std::move(lock));
}

std::string StateDirectory::File(std::string_view name) const {
  return absl::StrCat(path_, "/", ToAbsl(name));
}

}  // namespace lb::agent
