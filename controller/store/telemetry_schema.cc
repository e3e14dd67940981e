#include <array>

#include "controller/store/schema.h"

namespace lb::controller {
namespace {

// docs/history-schema.md says what every column is.
//
// One packed row per host and report, and one per host and bucket sample.
constexpr std::array<std::string_view, 1> kSteps = {R"sql(
CREATE TABLE identity (
  sentinel INTEGER PRIMARY KEY CHECK (sentinel = 1),
  store_id TEXT NOT NULL,
  create_time_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE processor_samples (
  host TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  term INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  interval_ns INTEGER NOT NULL,
  processors BLOB NOT NULL
) STRICT;
CREATE INDEX processor_samples_by_host ON processor_samples (host, time_ns);

CREATE TABLE bucket_samples (
  host TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  term INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  buckets BLOB NOT NULL
) STRICT;
CREATE INDEX bucket_samples_by_host ON bucket_samples (host, time_ns);
)sql"};

}  // namespace

const Schema& TelemetrySchema() {
  static constexpr Schema schema{
      "telemetry",
      "restore it from a backup, or have it set aside to begin a new one",
      0x4c625431,  // "LbT1"
      kSteps};
  return schema;
}

}  // namespace lb::controller
