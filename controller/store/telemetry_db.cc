#include "controller/store/telemetry_db.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/open_database.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

absl::Status Create(const std::string& path, const std::string& store_id,
                    WallTime now) {
  return CreateDatabase(
      path, TelemetrySchema(), [&](Connection& db) -> absl::Status {
        LB_ASSIGN_OR_RETURN(
            Statement insert,
            db.Prepare("INSERT INTO identity VALUES (1, ?, ?)"));
        return insert.Bind(store_id).Bind(ToNs(now)).Run();
      });
}

// Binds what both kinds of sample begin with.
template <class AnySample>
Statement& BindHead(Statement& insert, const AnySample& sample) {
  return insert.Reset()
      .Bind(sample.host)
      .Bind(ToNs(sample.time))
      .Bind(sample.term.value())
      .Bind(sample.epoch.value());
}

}  // namespace

absl::StatusOr<TelemetryDb> TelemetryDb::Open(const std::string& path,
                                              const std::string& store_id,
                                              WallTime now) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    LB_RETURN_IF_ERROR(Create(path, store_id, now));
  }
  LB_ASSIGN_OR_RETURN(Connection db,
                      OpenDatabase(path, TelemetrySchema(), Durability::kSoon));
  LB_ASSIGN_OR_RETURN(const std::string found,
                      db.QueryText("SELECT store_id FROM identity"));
  if (found != store_id) {
    return absl::DataLossError(
        absl::StrCat(path, " belongs to store ", found, ", control.db is ",
                     store_id, "; move it away to begin new telemetry"));
  }
  return TelemetryDb(path, std::move(db));
}

absl::Status TelemetryDb::AppendAll(std::span<const Sample> samples) {
  LB_RETURN_IF_ERROR(db_->Execute("BEGIN IMMEDIATE;"));
  LB_ASSIGN_OR_RETURN(
      Statement processors,
      db_->Prepare("INSERT INTO processor_samples VALUES (?, ?, ?, ?, ?, ?)"));
  LB_ASSIGN_OR_RETURN(
      Statement buckets,
      db_->Prepare("INSERT INTO bucket_samples VALUES (?, ?, ?, ?, ?)"));
  for (const Sample& sample : samples) {
    if (const auto* one = std::get_if<ProcessorSample>(&sample)) {
      LB_RETURN_IF_ERROR(BindHead(processors, *one)
                             .Bind(std::int64_t{one->interval.count()})
                             .BindBlob(PackProcessors(one->processors))
                             .Run());
    } else if (const auto* other = std::get_if<BucketSample>(&sample)) {
      LB_RETURN_IF_ERROR(BindHead(buckets, *other)
                             .BindBlob(PackBuckets(other->buckets))
                             .Run());
    }
  }
  return db_->Execute("COMMIT;");
}

absl::Status TelemetryDb::Append(std::span<const Sample> samples) {
  if (!db_) {
    LB_ASSIGN_OR_RETURN(Connection db,
                        ReopenDatabase(path_, Durability::kSoon));
    db_.emplace(std::move(db));
  }
  absl::Status status = AppendAll(samples);
  if (!status.ok()) db_.reset();
  return status;
}

}  // namespace lb::controller
