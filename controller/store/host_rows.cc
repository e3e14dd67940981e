#include "controller/store/host_rows.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

absl::Status WriteProcessors(Connection& db, const HostRecord& host) {
  LB_ASSIGN_OR_RETURN(Statement clear,
                      db.Prepare("DELETE FROM host_processors WHERE host = ?"));
  LB_RETURN_IF_ERROR(clear.Bind(host.host).Run());
  LB_ASSIGN_OR_RETURN(
      Statement insert,
      db.Prepare("INSERT INTO host_processors VALUES (?, ?, ?, ?)"));
  for (std::size_t i = 0; i < host.layout.processors.size(); ++i) {
    LB_RETURN_IF_ERROR(insert.Reset()
                           .Bind(host.host)
                           .Bind(std::uint64_t{i})
                           .Bind(host.layout.processors[i].cpu)
                           .Bind(host.layout.processors[i].capacity_permille)
                           .Run());
  }
  return absl::OkStatus();
}

absl::Status WriteLabels(Connection& db, const HostRecord& host) {
  LB_ASSIGN_OR_RETURN(Statement clear,
                      db.Prepare("DELETE FROM host_labels WHERE host = ?"));
  LB_RETURN_IF_ERROR(clear.Bind(host.host).Run());
  LB_ASSIGN_OR_RETURN(Statement insert,
                      db.Prepare("INSERT INTO host_labels VALUES (?, ?, ?)"));
  for (const auto& [key, value] : host.labels) {
    LB_RETURN_IF_ERROR(
        insert.Reset().Bind(host.host).Bind(key).Bind(value).Run());
  }
  return absl::OkStatus();
}

absl::Status ReadProcessors(Connection& db, HostRecord& host) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT cpu, capacity_permille FROM host_processors "
                 "WHERE host = ? ORDER BY processor"));
  select.Bind(host.host);
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return absl::OkStatus();
    ProcessorLayout processor;
    processor.cpu = static_cast<std::uint32_t>(select.Int());
    processor.capacity_permille = static_cast<std::uint32_t>(select.Int());
    host.layout.processors.push_back(processor);
  }
}

absl::Status ReadLabels(Connection& db, HostRecord& host) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT key, value FROM host_labels WHERE host = ?"));
  select.Bind(host.host);
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return absl::OkStatus();
    std::string key = select.Text();
    host.labels[std::move(key)] = select.Text();
  }
}

absl::StatusOr<HostRecord> ReadHostRow(Statement& select) {
  HostRecord host;
  host.host = select.Text();
  host.instance_id = select.Text();
  host.boot_id = select.Text();
  host.software_version = select.Text();
  host.connect_time = FromNs(select.Int());
  host.layout.buckets = static_cast<std::uint32_t>(select.Int());
  LB_ASSIGN_OR_RETURN(host.layout.hash, ParseHashKind(select.Text()));
  host.layout.key_id = select.Text();
  LB_ASSIGN_OR_RETURN(host.table.owner, UnpackOwners(select.Blob()));
  host.table.hash = host.layout.hash;
  host.table.key_id = host.layout.key_id;
  host.term = Term(select.Unsigned());
  host.epoch = Epoch(select.Unsigned());
  host.last_epoch = Epoch(select.Unsigned());
  host.plan_count = select.Unsigned();
  host.move_count = select.Unsigned();
  return host;
}

std::chrono::milliseconds ReadMs(Statement& select) {
  return std::chrono::milliseconds(select.Int());
}

std::uint32_t ReadPermille(Statement& select) {
  return static_cast<std::uint32_t>(select.Int());
}

}  // namespace

absl::Status WriteHost(Connection& db, const HostRecord& host) {
  LB_ASSIGN_OR_RETURN(
      Statement write,
      db.Prepare(
          "INSERT INTO hosts (host, instance_id, boot_id, software_version, "
          "connect_time_ns, buckets, hash, key_id, owners, term, epoch) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
          "ON CONFLICT (host) DO UPDATE SET instance_id = ?2, boot_id = ?3, "
          "software_version = ?4, connect_time_ns = ?5, buckets = ?6, "
          "hash = ?7, key_id = ?8, owners = ?9, term = ?10, epoch = ?11"));
  LB_RETURN_IF_ERROR(write.Bind(host.host)
                         .Bind(host.instance_id)
                         .Bind(host.boot_id)
                         .Bind(host.software_version)
                         .Bind(ToNs(host.connect_time))
                         .Bind(host.layout.buckets)
                         .Bind(HashKindName(host.layout.hash))
                         .Bind(host.layout.key_id)
                         .BindBlob(PackOwners(host.table.owner))
                         .Bind(host.term.value())
                         .Bind(host.epoch.value())
                         .Run());
  LB_RETURN_IF_ERROR(WriteProcessors(db, host));
  return WriteLabels(db, host);
}

absl::StatusOr<std::vector<HostRecord>> ReadHosts(Connection& db) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare(
          "SELECT host, instance_id, boot_id, software_version, "
          "connect_time_ns, buckets, hash, key_id, owners, term, epoch, "
          "last_epoch, plan_count, move_count FROM hosts ORDER BY host"));
  std::vector<HostRecord> hosts;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) break;
    LB_ASSIGN_OR_RETURN(HostRecord host, ReadHostRow(select));
    hosts.push_back(std::move(host));
  }
  for (HostRecord& host : hosts) {
    LB_RETURN_IF_ERROR(ReadProcessors(db, host));
    LB_RETURN_IF_ERROR(ReadLabels(db, host));
  }
  return hosts;
}

absl::StatusOr<std::uint64_t> InsertPolicy(Connection& db,
                                           const balance::Policy& policy,
                                           WallTime time) {
  LB_ASSIGN_OR_RETURN(
      const std::int64_t last,
      db.QueryInt("SELECT coalesce(max(revision), 0) FROM policies"));
  LB_ASSIGN_OR_RETURN(
      Statement insert,
      db.Prepare("INSERT INTO policies VALUES "
                 "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  LB_RETURN_IF_ERROR(insert.Bind(last + 1)
                         .Bind(ToNs(time))
                         .Bind(balance::ModeName(policy.mode))
                         .Bind(balance::PlannerKindName(policy.planner))
                         .Bind(policy.report_interval.count())
                         .Bind(policy.half_life.count())
                         .Bind(policy.warm_up.count())
                         .Bind(policy.trigger_permille)
                         .Bind(policy.target_permille)
                         .Bind(policy.floor_permille)
                         .Bind(policy.z_permille)
                         .Bind(policy.max_moves_permille)
                         .Bind(policy.bucket_cooldown.count())
                         .Bind(policy.return_time.count())
                         .Bind(policy.min_gain_permille)
                         .Bind(policy.damping_permille)
                         .Bind(policy.fair_queue_quantum.count())
                         .Bind(policy.fair_queue_limit)
                         .Run());
  return static_cast<std::uint64_t>(last + 1);
}

absl::StatusOr<std::optional<PolicyRecord>> ReadPolicy(Connection& db) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT revision, mode, planner, report_interval_ms, "
                 "half_life_ms, warm_up_ms, trigger_permille, "
                 "target_permille, floor_permille, z_permille, "
                 "max_moves_permille, bucket_cooldown_ms, return_time_ms, "
                 "min_gain_permille, damping_permille, fair_queue_quantum_us, "
                 "fair_queue_limit_packets FROM policies "
                 "ORDER BY revision DESC LIMIT 1"));
  LB_ASSIGN_OR_RETURN(const bool row, select.Step());
  if (!row) return std::optional<PolicyRecord>();
  PolicyRecord record;
  balance::Policy& policy = record.policy;
  record.revision = select.Unsigned();
  LB_ASSIGN_OR_RETURN(policy.mode, balance::ParseMode(select.Text()));
  LB_ASSIGN_OR_RETURN(policy.planner, balance::ParsePlannerKind(select.Text()));
  policy.report_interval = ReadMs(select);
  policy.half_life = ReadMs(select);
  policy.warm_up = ReadMs(select);
  policy.trigger_permille = ReadPermille(select);
  policy.target_permille = ReadPermille(select);
  policy.floor_permille = ReadPermille(select);
  policy.z_permille = ReadPermille(select);
  policy.max_moves_permille = ReadPermille(select);
  policy.bucket_cooldown = ReadMs(select);
  policy.return_time = ReadMs(select);
  policy.min_gain_permille = ReadPermille(select);
  policy.damping_permille = ReadPermille(select);
  policy.fair_queue_quantum = std::chrono::microseconds(select.Int());
  policy.fair_queue_limit = static_cast<std::uint32_t>(select.Unsigned());
  LB_RETURN_IF_ERROR(balance::ValidatePolicy(policy));
  return record;
}

}  // namespace lb::controller
