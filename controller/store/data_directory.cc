#include "controller/store/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
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

std::string LockPath(const std::string& path) { return path + "/lock"; }

// What the holder wrote into its lock: for people.
std::string HolderOf(int lock) {
  std::array<char, 128> text{};
  const ssize_t size = pread(lock, text.data(), text.size(), 0);
  if (size <= 0) return "another process";
  const std::string_view line(text.data(), static_cast<std::size_t>(size));
  return std::string(line.substr(0, line.find('\n')));
}

absl::Status WriteHolder(int lock, const std::string& lock_path) {
  const std::string text =
      absl::StrCat("process ", getpid(), " since ",
                   FormatWallTime(SystemClock().Wall()), "\n");
  if (ftruncate(lock, 0) != 0 || pwrite(lock, text.data(), text.size(), 0) !=
                                     static_cast<ssize_t>(text.size())) {
    return ErrnoStatus(errno, lock_path);
  }
  return absl::OkStatus();
}

// UNAVAILABLE if somebody else has it.
absl::Status TakeLock(int lock, int kind, const std::string& path) {
  if (flock(lock, kind | LOCK_NB) == 0) return absl::OkStatus();
  if (errno != EWOULDBLOCK) return ErrnoStatus(errno, LockPath(path));
  return absl::UnavailableError(
      absl::StrCat(path, " is held by ", HolderOf(lock),
                   "; stop it, or use another data directory"));
}

}  // namespace

absl::Status DataDirectory::CheckFree(const std::string& path) {
  const int lock = open(LockPath(path).c_str(), O_RDONLY | O_CLOEXEC);
  if (lock < 0) return absl::OkStatus();  // Hold() says what is wrong, if so
  absl::Status status = TakeLock(lock, LOCK_SH, path);
  close(lock);
  return status;
}

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
  const std::string lock_path = LockPath(path);
  const int lock = open(lock_path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock < 0) return ErrnoStatus(errno, lock_path);
  DataDirectory directory(path, lock);
  LB_RETURN_IF_ERROR(TakeLock(lock, LOCK_EX, path));
  LB_RETURN_IF_ERROR(WriteHolder(lock, lock_path));
  return directory;
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace lb::controller
