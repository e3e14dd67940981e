#include "controller/store/schema.h"

#include <array>

namespace lb::controller {
namespace {

// Times are ns since 1970, UTC. Digests are 64 bits in a signed integer.
// `identity` has exactly one row: the sentinel that tells an emptied file.
constexpr std::string_view kControlBegins = R"sql(
CREATE TABLE identity (
  sentinel INTEGER PRIMARY KEY CHECK (sentinel = 1),
  store_id TEXT NOT NULL,
  create_time_ns INTEGER NOT NULL,
  term INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;

CREATE TABLE terms (
  term INTEGER PRIMARY KEY,
  start_time_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE policies (
  revision INTEGER PRIMARY KEY,
  create_time_ns INTEGER NOT NULL,
  mode TEXT NOT NULL,
  planner TEXT NOT NULL,
  report_interval_ms INTEGER NOT NULL,
  half_life_ms INTEGER NOT NULL,
  warm_up_ms INTEGER NOT NULL,
  trigger_permille INTEGER NOT NULL,
  target_permille INTEGER NOT NULL,
  floor_permille INTEGER NOT NULL,
  z_permille INTEGER NOT NULL,
  max_moves_permille INTEGER NOT NULL,
  bucket_cooldown_ms INTEGER NOT NULL,
  return_time_ms INTEGER NOT NULL,
  min_gain_permille INTEGER NOT NULL,
  damping_permille INTEGER NOT NULL
) STRICT;

CREATE TABLE hosts (
  host TEXT PRIMARY KEY,
  instance_id TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  software_version TEXT NOT NULL,
  connect_time_ns INTEGER NOT NULL,
  buckets INTEGER NOT NULL,
  hash TEXT NOT NULL,
  key_id TEXT NOT NULL,
  owners BLOB NOT NULL,
  term INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  last_epoch INTEGER NOT NULL DEFAULT 0,
  plan_count INTEGER NOT NULL DEFAULT 0,
  move_count INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE host_processors (
  host TEXT NOT NULL REFERENCES hosts (host),
  processor INTEGER NOT NULL,
  cpu INTEGER NOT NULL,
  capacity_permille INTEGER NOT NULL,
  PRIMARY KEY (host, processor)
) STRICT, WITHOUT ROWID;

CREATE TABLE host_labels (
  host TEXT NOT NULL REFERENCES hosts (host),
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (host, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE plans (
  plan_id INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host),
  term INTEGER NOT NULL,
  epoch INTEGER,
  state TEXT NOT NULL,
  create_time_ns INTEGER NOT NULL,
  result_time_ns INTEGER,
  author TEXT NOT NULL,
  reason TEXT NOT NULL,
  policy_revision INTEGER NOT NULL,
  base INTEGER NOT NULL,
  digest INTEGER NOT NULL,
  hash TEXT NOT NULL,
  key_id TEXT NOT NULL,
  owners BLOB NOT NULL,
  imbalance_before REAL NOT NULL,
  imbalance_predicted REAL NOT NULL,
  imbalance_achieved REAL,
  bound REAL NOT NULL,
  indexes BLOB NOT NULL,
  total_index REAL NOT NULL,
  quotas BLOB NOT NULL,
  move_count INTEGER NOT NULL,
  cost BLOB,
  max_pause_ns INTEGER NOT NULL,
  rejection TEXT NOT NULL,
  planner TEXT NOT NULL,
  algorithm_version INTEGER NOT NULL,
  UNIQUE (host, epoch)
) STRICT;
CREATE INDEX plans_by_host ON plans (host, plan_id);
CREATE INDEX plans_by_time ON plans (create_time_ns);

CREATE TABLE plan_inputs (
  plan_id INTEGER PRIMARY KEY REFERENCES plans (plan_id),
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE moves (
  plan_id INTEGER NOT NULL REFERENCES plans (plan_id),
  ordinal INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  from_processor INTEGER NOT NULL,
  to_processor INTEGER NOT NULL,
  load_ns_per_s INTEGER NOT NULL,
  reason TEXT NOT NULL,
  outcome INTEGER,
  pause_ns INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (plan_id, ordinal),
  UNIQUE (plan_id, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  revision INTEGER PRIMARY KEY,
  time_ns INTEGER NOT NULL,
  host TEXT NOT NULL,
  kind TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_host ON events (host, revision);
)sql";

// What was set before these could be gets their defaults.
constexpr std::string_view kFairQueueInPolicy = R"sql(
ALTER TABLE policies
  ADD COLUMN fair_queue_quantum_us INTEGER NOT NULL DEFAULT 50;
ALTER TABLE policies
  ADD COLUMN fair_queue_limit_packets INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr std::array<std::string_view, 2> kControl = {kControlBegins,
                                                      kFairQueueInPolicy};

// One packed row per host and report, and one per host and bucket sample.
constexpr std::array<std::string_view, 1> kTelemetry = {R"sql(
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

const Schema& ControlSchema() {
  static constexpr Schema schema{"control", 0x4c624331, kControl};  // "LbC1"
  return schema;
}

const Schema& TelemetrySchema() {
  static constexpr Schema schema{"telemetry", 0x4c625431,
                                 kTelemetry};  // "LbT1"
  return schema;
}

}  // namespace lb::controller
