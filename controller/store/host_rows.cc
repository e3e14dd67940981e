#include "controller/store/host_rows.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

absl::StatusOr<std::vector<ProcessorLayout>> ReadProcessors(
    Connection& db, const std::string& host) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT cpu, capacity_permille FROM host_processors "
                 "WHERE host = ? ORDER BY processor"));
  select.Bind(host);
  std::vector<ProcessorLayout> processors;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return processors;
    ProcessorLayout processor;
    processor.cpu = static_cast<std::uint32_t>(select.Int());
    processor.capacity_permille = static_cast<std::uint32_t>(select.Int());
    processors.push_back(processor);
  }
}

absl::StatusOr<std::map<std::string, std::string>> ReadLabels(
    Connection& db, const std::string& host) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT key, value FROM host_labels WHERE host = ?"));
  select.Bind(host);
  std::map<std::string, std::string> labels;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return labels;
    std::string key = select.Text();
    labels[std::move(key)] = select.Text();
  }
}

// These two hardly ever change, while the host's row does with every plan.
absl::Status WriteProcessors(Connection& db, const HostRecord& host) {
  LB_ASSIGN_OR_RETURN(const auto stored, ReadProcessors(db, host.host));
  if (stored == host.layout.processors) return absl::OkStatus();
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
  LB_ASSIGN_OR_RETURN(const auto stored, ReadLabels(db, host.host));
  if (stored == host.labels) return absl::OkStatus();
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

}  // namespace

absl::Status WriteHost(Connection& db, const HostRecord& host) {
  LB_ASSIGN_OR_RETURN(
      Statement write,
      db.Prepare(
          "INSERT INTO hosts (host, instance_id, boot_id, software_version, "
          "connect_time_ns, buckets, hash, key_id, owners, term, epoch, "
          "last_epoch) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
          "ON CONFLICT (host) DO UPDATE SET instance_id = ?2, boot_id = ?3, "
          "software_version = ?4, connect_time_ns = ?5, buckets = ?6, "
          "hash = ?7, key_id = ?8, owners = ?9, term = ?10, epoch = ?11, "
          "last_epoch = max(last_epoch, ?12), forgotten_time_ns = NULL"));
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
                         .Bind(host.last_epoch.value())
                         .Run());
  LB_RETURN_IF_ERROR(WriteProcessors(db, host));
  return WriteLabels(db, host);
}

absl::StatusOr<std::vector<HostRecord>> ReadHosts(Connection& db) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT host, instance_id, boot_id, software_version, "
                 "connect_time_ns, buckets, hash, key_id, owners, term, epoch, "
                 "last_epoch, plan_count, move_count FROM hosts "
                 "WHERE forgotten_time_ns IS NULL ORDER BY host"));
  std::vector<HostRecord> hosts;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) break;
    LB_ASSIGN_OR_RETURN(HostRecord host, ReadHostRow(select));
    hosts.push_back(std::move(host));
  }
  for (HostRecord& host : hosts) {
    LB_ASSIGN_OR_RETURN(host.layout.processors, ReadProcessors(db, host.host));
    LB_ASSIGN_OR_RETURN(host.labels, ReadLabels(db, host.host));
  }
  return hosts;
}

absl::StatusOr<std::vector<ForgottenHost>> ReadForgotten(Connection& db) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT host, last_epoch FROM hosts "
                 "WHERE forgotten_time_ns IS NOT NULL ORDER BY host"));
  std::vector<ForgottenHost> hosts;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return hosts;
    std::string host = select.Text();
    hosts.push_back({std::move(host), Epoch(select.Unsigned())});
  }
}

absl::Status RequireHost(Connection& db, const std::string& host) {
  LB_ASSIGN_OR_RETURN(Statement select,
                      db.Prepare("SELECT 1 FROM hosts WHERE host = ?"));
  LB_ASSIGN_OR_RETURN(const bool found, select.Bind(host).Step());
  return found ? absl::OkStatus()
               : absl::NotFoundError(absl::StrCat("there is no host ", host));
}

absl::Status ForgetHost(Connection& db, const std::string& host,
                        WallTime time) {
  LB_RETURN_IF_ERROR(RequireHost(db, host));
  LB_ASSIGN_OR_RETURN(Statement forget,
                      db.Prepare("UPDATE hosts SET forgotten_time_ns = ? "
                                 "WHERE host = ?"));
  return forget.Bind(ToNs(time)).Bind(host).Run();
}

}  // namespace lb::controller
