#include "controller/store/policy_rows.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/host_rows.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

// In the order in which PolicyFrom reads.
constexpr std::string_view kPolicyColumns =
    "SELECT host, revision, mode, planner, report_interval_ms, half_life_ms, "
    "warm_up_ms, trigger_permille, target_permille, floor_permille, "
    "z_permille, max_moves_permille, bucket_cooldown_ms, return_time_ms, "
    "min_gain_permille, damping_permille, fair_queue_quantum_us, "
    "fair_queue_limit_packets FROM policies ";

std::chrono::milliseconds ReadMs(Statement& row) {
  return std::chrono::milliseconds(row.Int());
}

std::uint32_t ReadPermille(Statement& row) {
  return static_cast<std::uint32_t>(row.Int());
}

// The policy and whose it is.
absl::StatusOr<std::pair<std::string, PolicyRecord>> PolicyFrom(
    Statement& row) {
  std::pair<std::string, PolicyRecord> read;
  auto& [host, record] = read;
  balance::Policy& policy = record.policy;
  host = row.Text();
  record.revision = row.Unsigned();
  LB_ASSIGN_OR_RETURN(policy.mode, balance::ParseMode(row.Text()));
  LB_ASSIGN_OR_RETURN(policy.planner, balance::ParsePlannerKind(row.Text()));
  policy.report_interval = ReadMs(row);
  policy.half_life = ReadMs(row);
  policy.warm_up = ReadMs(row);
  policy.trigger_permille = ReadPermille(row);
  policy.target_permille = ReadPermille(row);
  policy.floor_permille = ReadPermille(row);
  policy.z_permille = ReadPermille(row);
  policy.max_moves_permille = ReadPermille(row);
  policy.bucket_cooldown = ReadMs(row);
  policy.return_time = ReadMs(row);
  policy.min_gain_permille = ReadPermille(row);
  policy.damping_permille = ReadPermille(row);
  policy.fair_queue_quantum = std::chrono::microseconds(row.Int());
  policy.fair_queue_limit = static_cast<std::uint32_t>(row.Unsigned());
  LB_RETURN_IF_ERROR(balance::ValidatePolicy(policy));
  return read;
}

absl::StatusOr<std::uint64_t> InsertPolicy(Connection& db,
                                           const std::string& host,
                                           const balance::Policy& policy,
                                           WallTime time) {
  LB_ASSIGN_OR_RETURN(
      Statement insert,
      db.Prepare(
          "INSERT INTO policies (create_time_ns, host, mode, planner, "
          "report_interval_ms, half_life_ms, warm_up_ms, trigger_permille, "
          "target_permille, floor_permille, z_permille, max_moves_permille, "
          "bucket_cooldown_ms, return_time_ms, min_gain_permille, "
          "damping_permille, fair_queue_quantum_us, fair_queue_limit_packets) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  LB_RETURN_IF_ERROR(insert.Bind(ToNs(time))
                         .Bind(host)
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
  return static_cast<std::uint64_t>(db.last_row_id());
}

}  // namespace

absl::StatusOr<std::uint64_t> ChangePolicy(Connection& db,
                                           const PolicyChange& change,
                                           WallTime time) {
  if (!change.host.empty()) {
    LB_RETURN_IF_ERROR(RequireHost(db, change.host));
  }
  LB_ASSIGN_OR_RETURN(Statement end,
                      db.Prepare("UPDATE policies SET end_time_ns = ? "
                                 "WHERE host = ? AND end_time_ns IS NULL"));
  LB_RETURN_IF_ERROR(end.Bind(ToNs(time)).Bind(change.host).Run());
  if (!change.policy) return 0;
  return InsertPolicy(db, change.host, *change.policy, time);
}

absl::StatusOr<PolicyRecord> ReadPolicy(Connection& db,
                                        std::uint64_t revision) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare(absl::StrCat(ToAbsl(kPolicyColumns), "WHERE revision = ?")));
  LB_ASSIGN_OR_RETURN(const bool found, select.Bind(revision).Step());
  if (!found) {
    return absl::NotFoundError(
        absl::StrCat("there is no policy of revision ", revision));
  }
  LB_ASSIGN_OR_RETURN(auto row, PolicyFrom(select));
  return row.second;
}

absl::StatusOr<std::map<std::string, PolicyRecord>> ReadPolicies(
    Connection& db) {
  LB_ASSIGN_OR_RETURN(Statement select,
                      db.Prepare(absl::StrCat(ToAbsl(kPolicyColumns),
                                              "WHERE end_time_ns IS NULL")));
  std::map<std::string, PolicyRecord> policies;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return policies;
    LB_ASSIGN_OR_RETURN(auto row, PolicyFrom(select));
    policies.insert(std::move(row));
  }
}

}  // namespace lb::controller
