#include "controller/store/audit_rows.h"

#include <limits>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/core/access.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

constexpr std::string_view kAuditColumns =
    "SELECT sequence, time_ns, caller, role, method, resource, outcome, error, "
    "reason, request_id, before_json, after_json, revision, hash FROM audit ";

absl::StatusOr<AuditRecord> AuditFrom(Statement& row) {
  AuditRecord record;
  record.sequence = row.Unsigned();
  record.time = FromNs(row.Int());
  record.caller = row.Text();
  LB_ASSIGN_OR_RETURN(record.role, ParseRole(row.Text()));
  record.method = row.Text();
  record.resource = row.Text();
  record.outcome = row.Text();
  record.error = row.Text();
  record.reason = row.Text();
  record.request_id = row.Text();
  record.before = row.Text();
  record.after = row.Text();
  record.revision = row.Unsigned();
  LB_ASSIGN_OR_RETURN(record.hash, ParseSha256(row.Text()));
  return record;
}

absl::StatusOr<std::vector<AuditRecord>> AuditsFrom(Statement& select) {
  std::vector<AuditRecord> records;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return records;
    absl::StatusOr<AuditRecord> record = AuditFrom(select);
    if (!record.ok()) {
      return absl::DataLossError(absl::StrCat("an audit record is damaged: ",
                                              record.status().message()));
    }
    records.push_back(*std::move(record));
  }
}

}  // namespace

absl::StatusOr<AuditHead> ReadAuditHead(Connection& db) {
  LB_ASSIGN_OR_RETURN(Statement select,
                      db.Prepare("SELECT sequence, hash FROM audit "
                                 "ORDER BY sequence DESC LIMIT 1"));
  LB_ASSIGN_OR_RETURN(const bool row, select.Step());
  AuditHead head;
  if (!row) return head;
  head.sequence = select.Unsigned();
  LB_ASSIGN_OR_RETURN(head.hash, ParseSha256(select.Text()));
  return head;
}

absl::Status InsertAudit(Connection& db, AuditRecord record, AuditHead& head) {
  record.sequence = head.sequence + 1;
  record.hash = ChainHash(head.hash, record);
  LB_ASSIGN_OR_RETURN(Statement insert,
                      db.Prepare("INSERT INTO audit VALUES "
                                 "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  LB_RETURN_IF_ERROR(insert.Bind(record.sequence)
                         .Bind(ToNs(record.time))
                         .Bind(record.caller)
                         .Bind(RoleName(record.role))
                         .Bind(record.method)
                         .Bind(record.resource)
                         .Bind(record.outcome)
                         .Bind(record.error)
                         .Bind(record.reason)
                         .Bind(record.request_id)
                         .Bind(record.before)
                         .Bind(record.after)
                         .Bind(record.revision)
                         .Bind(ToHex(record.hash))
                         .Run());
  head = {record.sequence, record.hash};
  return absl::OkStatus();
}

absl::StatusOr<std::vector<AuditRecord>> ReadAuditBefore(Connection& db,
                                                         std::uint64_t before,
                                                         std::uint32_t limit) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare(
          absl::StrCat(ToAbsl(kAuditColumns),
                       "WHERE sequence < ? ORDER BY sequence DESC LIMIT ?")));
  select
      .Bind(before == 0 ? std::numeric_limits<std::int64_t>::max()
                        : static_cast<std::int64_t>(before))
      .Bind(limit);
  return AuditsFrom(select);
}

absl::StatusOr<std::vector<AuditRecord>> ReadAuditAfter(Connection& db,
                                                        std::uint64_t after,
                                                        std::uint32_t limit) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare(absl::StrCat(ToAbsl(kAuditColumns),
                              "WHERE sequence > ? ORDER BY sequence LIMIT ?")));
  select.Bind(after).Bind(limit);
  return AuditsFrom(select);
}

}  // namespace lb::controller
