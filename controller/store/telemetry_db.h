// telemetry.db: measurements, many rows a commit. One thread at a time.
#ifndef LB_CONTROLLER_STORE_TELEMETRY_DB_H_
#define LB_CONTROLLER_STORE_TELEMETRY_DB_H_

#include <optional>
#include <span>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/records.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

using Sample = std::variant<ProcessorSample, BucketSample>;

class TelemetryDb {
 public:
  // Opens the file, or makes it if there is none. Errors as of OpenDatabase(),
  // and DATA_LOSS if it belongs to another store than `store_id`.
  static absl::StatusOr<TelemetryDb> Open(const std::string& path,
                                          const std::string& store_id,
                                          WallTime now);

  // All or none, in one commit. After an error the next call tries a new
  // connection.
  absl::Status Append(std::span<const Sample> samples);

 private:
  TelemetryDb(std::string path, Connection db)
      : path_(std::move(path)), db_(std::move(db)) {}
  absl::Status AppendAll(std::span<const Sample> samples);

  std::string path_;
  std::optional<Connection> db_;  // empty: to be opened again
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_TELEMETRY_DB_H_
