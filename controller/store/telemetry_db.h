// telemetry.db: measurements, many rows a commit. One thread at a time.
#ifndef LB_CONTROLLER_STORE_TELEMETRY_DB_H_
#define LB_CONTROLLER_STORE_TELEMETRY_DB_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/roll_up.h"
#include "controller/core/store.h"
#include "controller/store/held_database.h"
#include "controller/store/roll_ups.h"
#include "controller/store/sample_rows.h"

namespace lb::controller {

class TelemetryDb {
 public:
  // Opens the file, or makes it if there is none. Errors as of OpenDatabase(),
  // and DATA_LOSS if it belongs to another store than `store_id`.
  static absl::StatusOr<TelemetryDb> Open(const std::string& path,
                                          const std::string& store_id,
                                          std::uint64_t limit_bytes,
                                          WallTime now);

  // All or none, in one commit, with the minutes and hours that they end (see
  // RollUps) and, while the file is over its limit, without some of the oldest
  // rows (see RemoveOldest()). After an error the next call tries a new
  // connection. `sync`: they, and all before, are on the disk
  // after it.
  absl::Status Append(std::span<const Sample> samples, bool sync = false);

  // As Store::ListProcessorSamples(), ListBucketSamples() and ListRollUps().
  absl::StatusOr<std::vector<StoredProcessorSample>> ReadProcessors(
      const SamplePage& page);
  absl::StatusOr<std::vector<StoredBucketSample>> ReadBuckets(
      const SamplePage& page);
  absl::StatusOr<std::vector<StoredRollUp>> ReadRollUps(RollUpPeriod period,
                                                        const SamplePage& page);

  // For copies.
  HeldDatabase& file() { return file_; }

 private:
  TelemetryDb(HeldDatabase file, std::uint64_t limit_bytes)
      : file_(std::move(file)), limit_bytes_(limit_bytes) {}
  absl::Status AppendAll(std::span<const Sample> samples, bool sync);

  HeldDatabase file_;
  std::uint64_t limit_bytes_;
  RollUps roll_ups_;
};

// Renames the file at `path` and what SQLite has beside it to
// `path`.damaged-TIME, which is returned. Nobody has it open.
absl::StatusOr<std::string> SetAside(const std::string& path, WallTime now);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_TELEMETRY_DB_H_
