#include <array>

#include "controller/store/schema.h"

namespace lb::controller {
namespace {

// docs/history-schema.md says what every column is.
//
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

// What operators want, who changed what, and what decisions rest on.
constexpr std::string_view kIntentsAndAudit = R"sql(
ALTER TABLE identity ADD COLUMN fenced TEXT NOT NULL DEFAULT '';
ALTER TABLE identity ADD COLUMN adopted_term INTEGER NOT NULL DEFAULT 0;
ALTER TABLE identity ADD COLUMN inputs_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE identity SET inputs_bytes =
  (SELECT coalesce(sum(length(bytes)), 0) FROM plan_inputs);

ALTER TABLE policies ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE policies ADD COLUMN end_time_ns INTEGER;
UPDATE policies SET end_time_ns =
  (SELECT later.create_time_ns FROM policies AS later
   WHERE later.revision > policies.revision
   ORDER BY later.revision LIMIT 1);
CREATE UNIQUE INDEX policies_in_force ON policies (host)
  WHERE end_time_ns IS NULL;

ALTER TABLE hosts ADD COLUMN forgotten_time_ns INTEGER;

CREATE TABLE host_drains (
  host TEXT NOT NULL REFERENCES hosts (host),
  processor INTEGER NOT NULL,
  PRIMARY KEY (host, processor)
) STRICT, WITHOUT ROWID;

CREATE TABLE host_pins (
  host TEXT NOT NULL REFERENCES hosts (host),
  bucket INTEGER NOT NULL,
  processor INTEGER NOT NULL,
  PRIMARY KEY (host, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE pauses (
  host TEXT PRIMARY KEY,
  advise INTEGER NOT NULL,
  reason TEXT NOT NULL,
  author TEXT NOT NULL,
  since_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE plans ADD COLUMN proposed INTEGER NOT NULL DEFAULT 0;
UPDATE plans SET proposed = 1 WHERE epoch IS NULL;
ALTER TABLE plans ADD COLUMN verdict TEXT NOT NULL DEFAULT '';
ALTER TABLE plans ADD COLUMN planner_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE plans ADD COLUMN utilization_achieved BLOB;
ALTER TABLE plans ADD COLUMN dropped INTEGER;
ALTER TABLE plans ADD COLUMN lost INTEGER;
ALTER TABLE plans ADD COLUMN reordered INTEGER;
ALTER TABLE plans ADD COLUMN duplicated INTEGER;
CREATE INDEX plans_open ON plans (host, plan_id) WHERE state = 'PROPOSED';
CREATE INDEX proposals_by_result ON plans (result_time_ns) WHERE proposed = 1;

CREATE TABLE decisions (
  revision INTEGER PRIMARY KEY REFERENCES events (revision),
  host TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  policy_revision INTEGER NOT NULL
) STRICT;
CREATE INDEX decisions_by_host ON decisions (host, revision);

CREATE TABLE decision_inputs (
  revision INTEGER PRIMARY KEY REFERENCES decisions (revision),
  measurement BLOB NOT NULL,
  planner TEXT,
  algorithm_version INTEGER,
  bytes BLOB
) STRICT;

CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  time_ns INTEGER NOT NULL,
  caller TEXT NOT NULL,
  role TEXT NOT NULL,
  method TEXT NOT NULL,
  resource TEXT NOT NULL,
  outcome TEXT NOT NULL,
  error TEXT NOT NULL,
  reason TEXT NOT NULL,
  request_id TEXT NOT NULL,
  before_json TEXT NOT NULL,
  after_json TEXT NOT NULL,
  revision INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;

CREATE TABLE requests (
  caller TEXT NOT NULL,
  request_id TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  method TEXT NOT NULL,
  request_hash BLOB NOT NULL,
  subject TEXT NOT NULL,
  revision INTEGER NOT NULL,
  head_sequence INTEGER NOT NULL,
  head_hash TEXT NOT NULL,
  PRIMARY KEY (caller, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_time ON requests (time_ns);

CREATE VIEW v_hosts AS SELECT
  host,
  software_version,
  strftime('%Y-%m-%dT%H:%M:%fZ', connect_time_ns / 1000000 / 1e3, 'unixepoch')
    AS connect_time,
  strftime('%Y-%m-%dT%H:%M:%fZ', forgotten_time_ns / 1000000 / 1e3,
           'unixepoch') AS forgotten_time,
  buckets,
  (SELECT count(*) FROM host_processors AS p WHERE p.host = hosts.host)
    AS processors,
  (SELECT group_concat(processor) FROM host_drains AS d
   WHERE d.host = hosts.host) AS drained,
  (SELECT count(*) FROM host_pins AS p WHERE p.host = hosts.host) AS pins,
  (SELECT reason FROM pauses AS p WHERE p.host = hosts.host) AS pause,
  (SELECT revision FROM policies AS p
   WHERE p.host = hosts.host AND p.end_time_ns IS NULL) AS own_policy,
  plan_count,
  move_count
FROM hosts;

CREATE VIEW v_plans AS SELECT
  'hosts/' || host || iif(epoch IS NULL, '/proposals/' || plan_id,
                          '/plans/' || epoch) AS name,
  plan_id,
  host,
  term,
  epoch,
  state,
  strftime('%Y-%m-%dT%H:%M:%fZ', create_time_ns / 1000000 / 1e3, 'unixepoch')
    AS create_time,
  strftime('%Y-%m-%dT%H:%M:%fZ', result_time_ns / 1000000 / 1e3, 'unixepoch')
    AS result_time,
  author,
  verdict,
  reason,
  planner_reason,
  policy_revision,
  planner,
  algorithm_version,
  imbalance_before,
  imbalance_predicted,
  imbalance_achieved,
  bound,
  move_count AS moves,
  (SELECT count(*) FROM moves AS m
   WHERE m.plan_id = plans.plan_id AND m.outcome IN (1, 2)) AS moves_made,
  max_pause_ns / 1e6 AS max_pause_ms,
  dropped,
  lost,
  reordered,
  duplicated,
  rejection,
  printf('%016x', base) AS base,
  printf('%016x', digest) AS digest,
  EXISTS (SELECT 1 FROM plan_inputs AS i WHERE i.plan_id = plans.plan_id)
    AS has_inputs
FROM plans;

CREATE VIEW v_moves AS SELECT
  'hosts/' || host || iif(epoch IS NULL, '/proposals/' || plan_id,
                          '/plans/' || epoch) AS plan,
  plan_id,
  host,
  epoch,
  strftime('%Y-%m-%dT%H:%M:%fZ', create_time_ns / 1000000 / 1e3, 'unixepoch')
    AS create_time,
  ordinal,
  bucket,
  from_processor,
  to_processor,
  load_ns_per_s / 1e9 AS load,
  moves.reason AS reason,
  CASE outcome WHEN 1 THEN 'MOVED' WHEN 2 THEN 'TAKEN_OVER'
               WHEN 3 THEN 'NOT_MOVED' END AS outcome,
  pause_ns / 1e6 AS pause_ms
FROM moves JOIN plans USING (plan_id);

CREATE VIEW v_events AS SELECT
  revision,
  strftime('%Y-%m-%dT%H:%M:%fZ', time_ns / 1000000 / 1e3, 'unixepoch') AS time,
  host,
  kind,
  message
FROM events;

CREATE VIEW v_decisions AS SELECT
  'hosts/' || host || '/decisions/' || revision AS name,
  revision,
  host,
  strftime('%Y-%m-%dT%H:%M:%fZ', time_ns / 1000000 / 1e3, 'unixepoch') AS time,
  verdict,
  reason,
  policy_revision,
  EXISTS (SELECT 1 FROM decision_inputs AS i
          WHERE i.revision = decisions.revision) AS has_inputs
FROM decisions;

CREATE VIEW v_audit AS SELECT
  sequence,
  strftime('%Y-%m-%dT%H:%M:%fZ', time_ns / 1000000 / 1e3, 'unixepoch') AS time,
  caller,
  role,
  method,
  resource,
  outcome,
  error,
  reason,
  request_id,
  before_json,
  after_json,
  revision,
  hash
FROM audit;

CREATE VIEW v_policies AS SELECT
  iif(host = '', 'policies/default', 'hosts/' || host || '/policy') AS name,
  strftime('%Y-%m-%dT%H:%M:%fZ', create_time_ns / 1000000 / 1e3, 'unixepoch')
    AS create_time,
  strftime('%Y-%m-%dT%H:%M:%fZ', end_time_ns / 1000000 / 1e3, 'unixepoch')
    AS end_time,
  revision,
  mode,
  planner,
  trigger_permille,
  target_permille,
  max_moves_permille
FROM policies;
)sql";

constexpr std::array<std::string_view, 3> kControlSteps = {
    kControlBegins, kFairQueueInPolicy, kIntentsAndAudit};

}  // namespace

const Schema& ControlSchema() {
  static constexpr Schema schema{
      "control",
      "restore it from a backup, or move the data directory away to begin a "
      "new store",
      0x4c624331,  // "LbC1"
      kControlSteps};
  return schema;
}

}  // namespace lb::controller
