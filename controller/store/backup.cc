#include "controller/store/backup.h"

#include <stdlib.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/file_copy.h"
#include "controller/store/private_file.h"
#include "controller/store/sqlite.h"

namespace lb::controller {
namespace {

constexpr int kPagesAStep = 64;
// So that the disk never has much to write at once, which commits wait for.
constexpr int kStepsASync = 4;

// A directory beside the one wanted, which goes unless it gets its name.
class PartialDirectory {
 public:
  static absl::StatusOr<PartialDirectory> Make(const std::string& wanted) {
    std::string path = wanted + ".partial-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) return ErrnoStatus(errno, wanted);
    return PartialDirectory(std::move(path));
  }
  PartialDirectory(PartialDirectory&& other) noexcept
      : path_(std::exchange(other.path_, {})) {}
  PartialDirectory& operator=(PartialDirectory&&) = delete;
  ~PartialDirectory() {
    std::error_code ignored;  // its name says that it is of no use
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

  absl::Status Rename(const std::string& wanted) {
    LB_RETURN_IF_ERROR(RenameDurably(path_, wanted));
    path_.clear();
    return absl::OkStatus();
  }

 private:
  explicit PartialDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;  // empty: it has its name
};

absl::Status CheckPlace(const std::string& directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(ParentOf(directory), error)) {
    return absl::NotFoundError(absl::StrCat(
        ParentOf(directory), " is no directory; make it for the backup"));
  }
  if (std::filesystem::exists(
          std::filesystem::symlink_status(directory, error))) {
    return absl::AlreadyExistsError(absl::StrCat(
        directory, " exists; name a directory that is to be made"));
  }
  return absl::OkStatus();
}

absl::Status CopyFile(const CopySteps& steps, const std::string& to) {
  LB_RETURN_IF_ERROR(steps.begin(to));
  for (int step = 1;; ++step) {
    LB_ASSIGN_OR_RETURN(const bool whole, steps.go_on(kPagesAStep));
    if (whole) return absl::OkStatus();
    if (step % kStepsASync == 0) LB_RETURN_IF_ERROR(SyncPath(to));
  }
}

// Returns the revision of the copy, which must not be taken for the original.
absl::StatusOr<std::uint64_t> FenceBackup(const std::string& path,
                                          WallTime time) {
  LB_ASSIGN_OR_RETURN(Connection db, OpenCopy(path));
  LB_ASSIGN_OR_RETURN(const std::int64_t revision,
                      db.QueryInt("SELECT revision FROM identity"));
  LB_RETURN_IF_ERROR(FenceCopy(
      db, absl::StrCat("restored from a backup of ", FormatWallTime(time),
                       ", revision ", revision)));
  return static_cast<std::uint64_t>(revision);
}

absl::StatusOr<std::uint64_t> SyncedSize(const std::string& path) {
  LB_RETURN_IF_ERROR(SyncPath(path));
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? absl::StatusOr<std::uint64_t>(ErrnoStatus(error.value(), path))
               : std::uint64_t{size};
}

}  // namespace

absl::StatusOr<BackupInfo> MakeBackup(const std::string& directory,
                                      const CopySteps& control,
                                      const CopySteps& telemetry,
                                      WallTime time) {
  std::string wanted = directory;
  while (wanted.size() > 1 && wanted.back() == '/') wanted.pop_back();
  LB_RETURN_IF_ERROR(CheckPlace(wanted));
  LB_ASSIGN_OR_RETURN(PartialDirectory partial, PartialDirectory::Make(wanted));
  const std::string control_path = partial.path() + "/control.db";
  const std::string telemetry_path = partial.path() + "/telemetry.db";
  LB_RETURN_IF_ERROR(CopyFile(control, control_path));
  LB_RETURN_IF_ERROR(CopyFile(telemetry, telemetry_path));
  BackupInfo info;
  LB_ASSIGN_OR_RETURN(info.revision, FenceBackup(control_path, time));
  LB_RETURN_IF_ERROR(OpenCopy(telemetry_path).status());
  for (const std::string& path : {control_path, telemetry_path}) {
    LB_ASSIGN_OR_RETURN(const std::uint64_t size, SyncedSize(path));
    info.bytes += size;
  }
  LB_RETURN_IF_ERROR(partial.Rename(wanted));
  return info;
}

}  // namespace lb::controller
