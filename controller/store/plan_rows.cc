#include "controller/store/plan_rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

// In the order in which PlanFrom reads; InsertPlan's is the table's.
constexpr std::string_view kPlanColumns =
    "SELECT plan_id, host, term, epoch, state, create_time_ns, "
    "result_time_ns, author, reason, policy_revision, base, digest, "
    "imbalance_before, imbalance_predicted, imbalance_achieved, bound, "
    "indexes, total_index, quotas, move_count, cost, max_pause_ns, "
    "rejection, planner, algorithm_version, hash, key_id, owners, verdict, "
    "planner_reason, utilization_achieved FROM plans ";

absl::StatusOr<PlanRecord> PlanFrom(Statement& row) {
  PlanRecord plan;
  plan.id = row.Unsigned();
  plan.host = row.Text();
  plan.term = Term(row.Unsigned());
  plan.epoch = Epoch(row.Unsigned());  // NULL reads as 0
  LB_ASSIGN_OR_RETURN(plan.state, ParsePlanState(row.Text()));
  plan.create_time = FromNs(row.Int());
  const bool unanswered = row.NextIsNull();
  const WallTime result_time = FromNs(row.Int());
  if (!unanswered) plan.result_time = result_time;
  plan.author = row.Text();
  plan.reason = row.Text();
  plan.policy_revision = row.Unsigned();
  plan.base = Digest(row.Unsigned());
  plan.digest = Digest(row.Unsigned());
  plan.imbalance_before = row.Double();
  plan.imbalance_predicted = row.Double();
  const bool unmeasured = row.NextIsNull();
  const double achieved = row.Double();
  if (!unmeasured) plan.imbalance_achieved = achieved;
  plan.bound = row.Double();
  LB_ASSIGN_OR_RETURN(plan.indexes, UnpackDoubles(row.Blob()));
  plan.total_index = row.Double();
  LB_ASSIGN_OR_RETURN(plan.quotas, UnpackNumbers(row.Blob()));
  plan.move_count = static_cast<std::uint32_t>(row.Int());
  const bool free = row.NextIsNull();
  const std::string cost = row.Blob();
  if (!free) {
    LB_ASSIGN_OR_RETURN(plan.cost, UnpackCounters(cost));
  }
  plan.max_pause = std::chrono::nanoseconds(row.Int());
  plan.rejection = row.Text();
  LB_ASSIGN_OR_RETURN(plan.inputs.planner,
                      balance::ParsePlannerKind(row.Text()));
  plan.inputs.algorithm_version = static_cast<std::uint32_t>(row.Int());
  LB_ASSIGN_OR_RETURN(plan.table.hash, ParseHashKind(row.Text()));
  plan.table.key_id = row.Text();
  LB_ASSIGN_OR_RETURN(plan.table.owner, UnpackOwners(row.Blob()));
  plan.verdict = row.Text();
  plan.planner_reason = row.Text();
  LB_ASSIGN_OR_RETURN(plan.utilization_achieved,
                      UnpackDoubles(row.Blob()));  // NULL reads as empty
  return plan;
}

absl::StatusOr<std::vector<PlanRecord>> PlansFrom(Statement& select) {
  std::vector<PlanRecord> plans;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return plans;
    LB_ASSIGN_OR_RETURN(PlanRecord plan, PlanFrom(select));
    plans.push_back(std::move(plan));
  }
}

absl::StatusOr<Epoch> TakeEpoch(Connection& db, const std::string& host) {
  LB_ASSIGN_OR_RETURN(
      Statement take,
      db.Prepare("UPDATE hosts SET last_epoch = last_epoch + 1, "
                 "plan_count = plan_count + 1 WHERE host = ? "
                 "RETURNING last_epoch"));
  LB_ASSIGN_OR_RETURN(const bool row, take.Bind(host).Step());
  if (!row) {
    return absl::NotFoundError(absl::StrCat("there is no host ", host));
  }
  const Epoch epoch(take.Unsigned());
  LB_RETURN_IF_ERROR(take.Run());
  return epoch;
}

absl::Status InsertMoves(Connection& db, std::uint64_t plan_id,
                         const std::vector<MoveRecord>& moves) {
  LB_ASSIGN_OR_RETURN(
      Statement insert,
      db.Prepare("INSERT INTO moves (plan_id, ordinal, bucket, "
                 "from_processor, to_processor, load_ns_per_s, reason) "
                 "VALUES (?, ?, ?, ?, ?, ?, ?)"));
  for (std::size_t i = 0; i < moves.size(); ++i) {
    const MoveRecord& move = moves[i];
    LB_RETURN_IF_ERROR(insert.Reset()
                           .Bind(plan_id)
                           .Bind(std::uint64_t{i})
                           .Bind(move.move.bucket.value())
                           .Bind(std::uint32_t{move.move.from.value()})
                           .Bind(std::uint32_t{move.move.to.value()})
                           .Bind(move.load_ns_per_s)
                           .Bind(move.reason)
                           .Run());
  }
  return absl::OkStatus();
}

absl::Status ReadMoves(Connection& db, PlanRecord& plan) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT bucket, from_processor, to_processor, "
                 "load_ns_per_s, reason, pause_ns, outcome FROM moves "
                 "WHERE plan_id = ? ORDER BY ordinal"));
  select.Bind(plan.id);
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return absl::OkStatus();
    MoveRecord move;
    move.move.bucket = BucketId(static_cast<BucketId::rep>(select.Int()));
    move.move.from = ProcessorId(static_cast<ProcessorId::rep>(select.Int()));
    move.move.to = ProcessorId(static_cast<ProcessorId::rep>(select.Int()));
    move.load_ns_per_s = select.Unsigned();
    move.reason = select.Text();
    move.pause = std::chrono::nanoseconds(select.Int());
    if (!select.NextIsNull()) {
      move.outcome = static_cast<MoveOutcome>(select.Int());
    }
    plan.moves.push_back(std::move(move));
  }
}

absl::Status ReadInputs(Connection& db, PlanRecord& plan) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT bytes FROM plan_inputs WHERE plan_id = ?"));
  LB_ASSIGN_OR_RETURN(const bool row, select.Bind(plan.id).Step());
  if (row) plan.inputs.bytes = select.Blob();
  return absl::OkStatus();
}

absl::Status UpdateMoves(Connection& db, const PlanUpdate& update) {
  std::uint64_t moved = 0;
  std::chrono::nanoseconds longest{0};
  LB_ASSIGN_OR_RETURN(Statement set,
                      db.Prepare("UPDATE moves SET outcome = ?, pause_ns = ? "
                                 "WHERE plan_id = ? AND bucket = ?"));
  for (const MoveResult& move : update.moves) {
    LB_RETURN_IF_ERROR(set.Reset()
                           .Bind(static_cast<std::uint32_t>(move.outcome))
                           .Bind(move.pause.count())
                           .Bind(update.id)
                           .Bind(move.move.bucket.value())
                           .Run());
    if (move.outcome != MoveOutcome::kNotMoved) ++moved;
    longest = std::max(longest, move.pause);
  }
  LB_ASSIGN_OR_RETURN(Statement pause,
                      db.Prepare("UPDATE plans SET max_pause_ns = ? "
                                 "WHERE plan_id = ?"));
  LB_RETURN_IF_ERROR(pause.Bind(longest.count()).Bind(update.id).Run());
  LB_ASSIGN_OR_RETURN(
      Statement count,
      db.Prepare("UPDATE hosts SET move_count = move_count + ? WHERE host = "
                 "(SELECT host FROM plans WHERE plan_id = ?)"));
  return count.Bind(moved).Bind(update.id).Run();
}

// Beside the packed counters, those that auditors ask for.
absl::Status WriteCost(Connection& db, const PlanUpdate& update) {
  LB_ASSIGN_OR_RETURN(
      Statement set,
      db.Prepare("UPDATE plans SET cost = ?, dropped = ?, lost = ?, "
                 "reordered = ?, duplicated = ? WHERE plan_id = ?"));
  return set.BindBlob(PackCounters(*update.cost))
      .Bind(update.cost->dropped_total())
      .Bind(update.cost->lost)
      .Bind(update.cost->reordered)
      .Bind(update.cost->duplicated)
      .Bind(update.id)
      .Run();
}

// The epoch of a proposal that is to be sent.
absl::StatusOr<Epoch> GiveEpoch(Connection& db, const std::string& host,
                                const PlanUpdate& update) {
  LB_ASSIGN_OR_RETURN(const Epoch epoch, TakeEpoch(db, host));
  LB_ASSIGN_OR_RETURN(Statement set,
                      db.Prepare("UPDATE plans SET term = ?, epoch = ? "
                                 "WHERE plan_id = ? AND epoch IS NULL"));
  LB_RETURN_IF_ERROR(
      set.Bind(update.term->value()).Bind(epoch.value()).Bind(update.id).Run());
  if (db.changed_rows() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the plan with id ", update.id, " has an epoch"));
  }
  return epoch;
}

// The one plan that `where` selects, with moves and inputs.
absl::StatusOr<PlanRecord> ReadWhole(Connection& db, const std::string& where,
                                     const std::string& host, const char* what,
                                     std::uint64_t number) {
  LB_ASSIGN_OR_RETURN(Statement select,
                      db.Prepare(absl::StrCat(ToAbsl(kPlanColumns), where)));
  select.Bind(host).Bind(number);
  LB_ASSIGN_OR_RETURN(std::vector<PlanRecord> plans, PlansFrom(select));
  if (plans.empty()) {
    return absl::NotFoundError(
        absl::StrCat("host ", host, " has no ", what, " ", number));
  }
  LB_RETURN_IF_ERROR(ReadMoves(db, plans[0]));
  LB_RETURN_IF_ERROR(ReadInputs(db, plans[0]));
  return std::move(plans[0]);
}

absl::StatusOr<std::vector<PlanRecord>> ReadWithMoves(Connection& db,
                                                      const char* where) {
  LB_ASSIGN_OR_RETURN(Statement select,
                      db.Prepare(absl::StrCat(ToAbsl(kPlanColumns), where)));
  LB_ASSIGN_OR_RETURN(std::vector<PlanRecord> plans, PlansFrom(select));
  for (PlanRecord& plan : plans) LB_RETURN_IF_ERROR(ReadMoves(db, plan));
  return plans;
}

}  // namespace

absl::StatusOr<PlanRecord> InsertPlan(Connection& db, const PlanRecord& plan) {
  PlanRecord named;
  named.host = plan.host;
  const bool proposed = plan.state == PlanState::kProposed;
  if (!proposed) {
    LB_ASSIGN_OR_RETURN(named.epoch, TakeEpoch(db, plan.host));
  }
  LB_ASSIGN_OR_RETURN(
      Statement insert,
      db.Prepare(
          "INSERT INTO plans (host, term, epoch, state, create_time_ns, "
          "author, reason, policy_revision, base, digest, hash, key_id, "
          "owners, imbalance_before, imbalance_predicted, bound, indexes, "
          "total_index, quotas, move_count, max_pause_ns, rejection, planner, "
          "algorithm_version, verdict, planner_reason, proposed) VALUES "
          "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', "
          "?, ?, ?, ?, ?)"));
  insert.Bind(plan.host).Bind(plan.term.value());
  if (proposed) {
    insert.BindNull();
  } else {
    insert.Bind(named.epoch.value());
  }
  LB_RETURN_IF_ERROR(insert.Bind(PlanStateName(plan.state))
                         .Bind(ToNs(plan.create_time))
                         .Bind(plan.author)
                         .Bind(plan.reason)
                         .Bind(plan.policy_revision)
                         .Bind(plan.base.value())
                         .Bind(plan.digest.value())
                         .Bind(HashKindName(plan.table.hash))
                         .Bind(plan.table.key_id)
                         .BindBlob(PackOwners(plan.table.owner))
                         .Bind(plan.imbalance_before)
                         .Bind(plan.imbalance_predicted)
                         .Bind(plan.bound)
                         .BindBlob(PackDoubles(plan.indexes))
                         .Bind(plan.total_index)
                         .BindBlob(PackNumbers(plan.quotas))
                         .Bind(std::uint64_t{plan.moves.size()})
                         .Bind(balance::PlannerKindName(plan.inputs.planner))
                         .Bind(plan.inputs.algorithm_version)
                         .Bind(plan.verdict)
                         .Bind(plan.planner_reason)
                         .Bind(std::int64_t{proposed ? 1 : 0})
                         .Run());
  named.id = static_cast<std::uint64_t>(db.last_row_id());
  LB_ASSIGN_OR_RETURN(Statement inputs,
                      db.Prepare("INSERT INTO plan_inputs VALUES (?, ?)"));
  LB_RETURN_IF_ERROR(inputs.Bind(named.id).BindBlob(plan.inputs.bytes).Run());
  LB_RETURN_IF_ERROR(InsertMoves(db, named.id, plan.moves));
  return named;
}

absl::StatusOr<PlanRecord> UpdatePlan(Connection& db,
                                      const PlanUpdate& update) {
  LB_ASSIGN_OR_RETURN(
      Statement set,
      db.Prepare("UPDATE plans SET state = ?, "
                 "result_time_ns = coalesce(?, result_time_ns), "
                 "rejection = coalesce(?, rejection), "
                 "imbalance_achieved = coalesce(?, imbalance_achieved), "
                 "utilization_achieved = coalesce(?, utilization_achieved) "
                 "WHERE plan_id = ? RETURNING host"));
  set.Bind(PlanStateName(update.state));
  if (update.result_time) {
    set.Bind(ToNs(*update.result_time));
  } else {
    set.BindNull();
  }
  if (update.rejection) {
    set.Bind(*update.rejection);
  } else {
    set.BindNull();
  }
  set.Bind(update.imbalance_achieved);
  if (update.utilization_achieved.empty()) {
    set.BindNull();
  } else {
    set.BindBlob(PackDoubles(update.utilization_achieved));
  }
  LB_ASSIGN_OR_RETURN(const bool found, set.Bind(update.id).Step());
  if (!found) {
    return absl::NotFoundError(
        absl::StrCat("there is no plan with id ", update.id));
  }
  PlanRecord named;
  named.id = update.id;
  named.host = set.Text();
  LB_RETURN_IF_ERROR(set.Run());
  if (update.cost) LB_RETURN_IF_ERROR(WriteCost(db, update));
  if (!update.moves.empty()) LB_RETURN_IF_ERROR(UpdateMoves(db, update));
  if (update.term) {
    LB_ASSIGN_OR_RETURN(named.epoch, GiveEpoch(db, named.host, update));
  }
  return named;
}

absl::StatusOr<PlanRecord> ReadPlan(Connection& db, const std::string& host,
                                    Epoch epoch) {
  return ReadWhole(db, "WHERE host = ? AND epoch = ?", host, "plan",
                   epoch.value());
}

absl::StatusOr<PlanRecord> ReadProposal(Connection& db, const std::string& host,
                                        std::uint64_t id) {
  return ReadWhole(db, "WHERE host = ? AND plan_id = ? AND proposed = 1", host,
                   "proposal", id);
}

absl::StatusOr<std::vector<PlanRecord>> ReadPlans(Connection& db,
                                                  const PlanPage& page) {
  const char* one_host = page.host.empty() ? "?1 = '' AND " : "host = ?1 AND ";
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare(absl::StrCat(ToAbsl(kPlanColumns), "WHERE ", one_host,
                              "plan_id < ?2 ORDER BY plan_id DESC LIMIT ?3")));
  const std::int64_t before = page.before == 0
                                  ? std::numeric_limits<std::int64_t>::max()
                                  : static_cast<std::int64_t>(page.before);
  select.Bind(page.host).Bind(before).Bind(page.limit);
  return PlansFrom(select);
}

absl::StatusOr<std::vector<PlanRecord>> ReadLastPlans(Connection& db) {
  return ReadWithMoves(
      db,
      "WHERE plan_id IN (SELECT plan_id FROM hosts JOIN plans "
      "ON plans.host = hosts.host AND plans.epoch = "
      "(SELECT max(epoch) FROM plans WHERE plans.host = hosts.host) "
      "WHERE forgotten_time_ns IS NULL) ORDER BY host");
}

absl::StatusOr<std::vector<PlanRecord>> ReadOpenProposals(Connection& db) {
  return ReadWithMoves(
      db,
      "WHERE plan_id IN (SELECT max(plan_id) FROM plans JOIN hosts "
      "USING (host) WHERE state = 'PROPOSED' AND forgotten_time_ns IS NULL "
      "GROUP BY host) ORDER BY host");
}

absl::StatusOr<std::vector<RecentMove>> ReadRecentMoves(Connection& db,
                                                        WallTime since) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare(
          "WITH recent AS ("
          "SELECT plan_id, host, create_time_ns FROM plans "
          "WHERE create_time_ns >= ?1 UNION "
          "SELECT plan_id, host, create_time_ns FROM plans "
          "WHERE proposed = 1 AND result_time_ns >= ?1) "
          "SELECT host, create_time_ns, bucket, from_processor, to_processor "
          "FROM recent JOIN hosts USING (host) JOIN moves USING (plan_id) "
          "WHERE outcome IN (1, 2) AND forgotten_time_ns IS NULL "
          "ORDER BY create_time_ns, plan_id, ordinal"));
  select.Bind(ToNs(since));
  std::vector<RecentMove> moves;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return moves;
    RecentMove recent;
    recent.host = select.Text();
    recent.time = FromNs(select.Int());
    recent.move.bucket = BucketId(static_cast<BucketId::rep>(select.Int()));
    recent.move.from = ProcessorId(static_cast<ProcessorId::rep>(select.Int()));
    recent.move.to = ProcessorId(static_cast<ProcessorId::rep>(select.Int()));
    moves.push_back(std::move(recent));
  }
}

}  // namespace lb::controller
