#include "controller/store/telemetry_db.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/open_database.h"
#include "controller/store/private_file.h"
#include "controller/store/report_rows.h"
#include "controller/store/roll_up_rows.h"
#include "controller/store/row_codec.h"
#include "controller/store/telemetry_pruning.h"

namespace lb::controller {
namespace {

absl::Status Create(const std::string& path, const std::string& store_id,
                    WallTime now) {
  return CreateDatabase(
      path, TelemetrySchema(), [&](Connection& db) -> absl::Status {
        LB_ASSIGN_OR_RETURN(
            Statement insert,
            db.Prepare("INSERT INTO identity VALUES (1, ?, ?, 0)"));
        return insert.Bind(store_id).Bind(ToNs(now)).Run();
      });
}

// Of a group that is not empty.
WallTime NewestOf(std::span<const Sample> samples) {
  WallTime newest = WallTime::min();
  for (const Sample& sample : samples) {
    newest = std::max(
        newest, std::visit([](const auto& any) { return any.time; }, sample));
  }
  return newest;
}

}  // namespace

absl::StatusOr<TelemetryDb> TelemetryDb::Open(const std::string& path,
                                              const std::string& store_id,
                                              std::uint64_t limit_bytes,
                                              WallTime now) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    LB_RETURN_IF_ERROR(Create(path, store_id, now));
  }
  LB_ASSIGN_OR_RETURN(
      HeldDatabase file,
      HeldDatabase::Open(path, TelemetrySchema(), Durability::kSoon));
  LB_ASSIGN_OR_RETURN(Connection* const db, file.Connect());
  LB_ASSIGN_OR_RETURN(const std::string found,
                      db->QueryText("SELECT store_id FROM identity"));
  if (found != store_id) {
    return absl::DataLossError(absl::StrCat(
        path, " belongs to store ", found, ", control.db is ", store_id,
        "; move it away, or have it set aside, to begin a new one"));
  }
  return TelemetryDb(std::move(file), limit_bytes);
}

absl::Status TelemetryDb::AppendAll(std::span<const Sample> samples,
                                    bool sync) {
  LB_ASSIGN_OR_RETURN(Connection* const db, file_.Connect());
  if (sync) LB_RETURN_IF_ERROR(db->Execute("PRAGMA synchronous = FULL;"));
  LB_RETURN_IF_ERROR(db->Execute("BEGIN IMMEDIATE;"));
  LB_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> rows,
                      InsertSamples(*db, samples));
  LB_RETURN_IF_ERROR(roll_ups_.Add(*db, rows, samples));
  // More than came, so that it shrinks, and no more than that, so that what
  // comes is not kept waiting.
  LB_RETURN_IF_ERROR(RemoveOldest(*db, ToNs(NewestOf(samples)),
                                  2 * samples.size() + 1, limit_bytes_));
  LB_RETURN_IF_ERROR(db->Execute("COMMIT;"));
  return sync ? db->Execute("PRAGMA synchronous = NORMAL;") : absl::OkStatus();
}

absl::Status TelemetryDb::Append(std::span<const Sample> samples, bool sync) {
  absl::Status status = AppendAll(samples, sync);
  if (!status.ok()) {
    file_.Drop();
    roll_ups_ = RollUps();
  }
  return status;
}

absl::StatusOr<std::vector<StoredProcessorSample>> TelemetryDb::ReadProcessors(
    const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Connection* const db, file_.Connect());
  LB_ASSIGN_OR_RETURN(const RowsByMinute unnamed,
                      roll_ups_.UnnamedRows(*db, page.host));
  return ReadReports(*db, page, unnamed);
}

absl::StatusOr<std::vector<StoredBucketSample>> TelemetryDb::ReadBuckets(
    const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Connection* const db, file_.Connect());
  return ReadBucketSamples(*db, page);
}

absl::StatusOr<std::vector<StoredRollUp>> TelemetryDb::ReadRollUps(
    RollUpPeriod period, const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Connection* const db, file_.Connect());
  return controller::ReadRollUps(*db, period, page);
}

absl::StatusOr<std::string> SetAside(const std::string& path, WallTime now) {
  std::string time = FormatWallTime(now);
  std::erase(time, ':');  // a name that every file system and shell takes
  std::string aside = absl::StrCat(path, ".damaged-", time);
  for (const char* suffix : {"-wal", "-shm", ""}) {
    if (std::rename((path + suffix).c_str(), (aside + suffix).c_str()) != 0 &&
        errno != ENOENT) {
      return ErrnoStatus(errno, path + suffix);
    }
  }
  LB_RETURN_IF_ERROR(SyncPath(ParentOf(path)));
  return aside;
}

}  // namespace lb::controller
