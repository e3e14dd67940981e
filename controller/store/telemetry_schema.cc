#include <array>

#include "controller/store/schema.h"

namespace lb::controller {
namespace {

// docs/history-schema.md says what every column is.
//
// One packed row per host and report, and one per host and bucket sample.
constexpr std::string_view kTelemetryBegins = R"sql(
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
)sql";

// Reports added up, a row for each host and minute or hour. Reports up to
// `rolled_up_row` are in them.
constexpr std::string_view kRollUps = R"sql(
ALTER TABLE identity ADD COLUMN rolled_up_row INTEGER NOT NULL DEFAULT 0;

CREATE TABLE processor_minutes (
  host TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  interval_ns INTEGER NOT NULL,
  reports INTEGER NOT NULL,
  busy_ns TEXT NOT NULL,
  capacity_ns TEXT NOT NULL,
  packets TEXT NOT NULL,
  max_utilization_permille TEXT NOT NULL,
  UNIQUE (host, time_ns)
) STRICT;

CREATE TABLE processor_hours (
  host TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  interval_ns INTEGER NOT NULL,
  reports INTEGER NOT NULL,
  busy_ns TEXT NOT NULL,
  capacity_ns TEXT NOT NULL,
  packets TEXT NOT NULL,
  max_utilization_permille TEXT NOT NULL,
  UNIQUE (host, time_ns)
) STRICT;

CREATE VIEW v_processor_minutes AS SELECT
  host,
  strftime('%Y-%m-%dT%H:%M:%fZ', time_ns / 1000000 / 1e3, 'unixepoch') AS time,
  busy.key AS processor,
  1.0 * busy.value / nullif(capacity_ns ->> busy.key, 0) AS utilization,
  iif(capacity_ns ->> busy.key = 0, NULL,
      (max_utilization_permille ->> busy.key) / 1e3) AS max_utilization,
  busy.value / 1e9 AS busy_s,
  packets ->> busy.key AS packets,
  reports
FROM processor_minutes, json_each(busy_ns) AS busy;

CREATE VIEW v_processor_hours AS SELECT
  host,
  strftime('%Y-%m-%dT%H:%M:%fZ', time_ns / 1000000 / 1e3, 'unixepoch') AS time,
  busy.key AS processor,
  1.0 * busy.value / nullif(capacity_ns ->> busy.key, 0) AS utilization,
  iif(capacity_ns ->> busy.key = 0, NULL,
      (max_utilization_permille ->> busy.key) / 1e3) AS max_utilization,
  busy.value / 1e9 AS busy_s,
  packets ->> busy.key AS packets,
  reports
FROM processor_hours, json_each(busy_ns) AS busy;
)sql";

// The rows of a host's reports instead of an index, of which every report
// changed a page of its own.
constexpr std::string_view kSampleRows = R"sql(
CREATE TABLE processor_sample_rows (
  host TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  last_row INTEGER NOT NULL,
  sample_rows TEXT NOT NULL,
  UNIQUE (host, time_ns)
) STRICT;
INSERT INTO processor_sample_rows
  SELECT host, minute_ns, max(row), json_group_array(row)
  FROM (SELECT host, time_ns - time_ns % 60000000000 AS minute_ns, rowid AS row
        FROM processor_samples
        WHERE rowid <= (SELECT rolled_up_row FROM identity) ORDER BY rowid)
  GROUP BY host, minute_ns ORDER BY max(row);
DROP INDEX processor_samples_by_host;
)sql";

constexpr std::array<std::string_view, 3> kTelemetrySteps = {
    kTelemetryBegins, kRollUps, kSampleRows};

}  // namespace

const Schema& TelemetrySchema() {
  static constexpr Schema schema{
      "telemetry",
      "restore it from a backup, or have it set aside to begin a new one",
      0x4c625431,  // "LbT1"
      kTelemetrySteps};
  return schema;
}

}  // namespace lb::controller
