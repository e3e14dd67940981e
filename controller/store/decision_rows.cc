#include "controller/store/decision_rows.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

absl::StatusOr<std::size_t> InsertInputs(Connection& db,
                                         const DecisionRecord& decision) {
  LB_ASSIGN_OR_RETURN(
      Statement insert,
      db.Prepare("INSERT INTO decision_inputs VALUES (?, ?, ?, ?, ?)"));
  insert.Bind(decision.revision).BindBlob(decision.measurement);
  std::size_t bytes = decision.measurement.size();
  if (const auto& inputs = decision.inputs) {
    insert.Bind(balance::PlannerKindName(inputs->planner))
        .Bind(inputs->algorithm_version)
        .BindBlob(inputs->bytes);
    bytes += inputs->bytes.size();
  } else {
    insert.BindNull().BindNull().BindNull();
  }
  LB_RETURN_IF_ERROR(insert.Run());
  return bytes;
}

}  // namespace

absl::StatusOr<std::size_t> InsertDecision(Connection& db,
                                           const DecisionRecord& decision) {
  LB_ASSIGN_OR_RETURN(
      Statement insert,
      db.Prepare("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?)"));
  LB_RETURN_IF_ERROR(insert.Bind(decision.revision)
                         .Bind(decision.host)
                         .Bind(ToNs(decision.time))
                         .Bind(decision.verdict)
                         .Bind(decision.reason)
                         .Bind(decision.policy_revision)
                         .Run());
  if (decision.measurement.empty() && !decision.inputs) return 0;
  return InsertInputs(db, decision);
}

absl::StatusOr<DecisionRecord> ReadDecision(Connection& db,
                                            const std::string& host,
                                            std::uint64_t revision) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT time_ns, verdict, reason, policy_revision, "
                 "measurement, planner, algorithm_version, bytes "
                 "FROM decisions LEFT JOIN decision_inputs USING (revision) "
                 "WHERE revision = ? AND host = ?"));
  LB_ASSIGN_OR_RETURN(const bool found,
                      select.Bind(revision).Bind(host).Step());
  if (!found) {
    return absl::NotFoundError(
        absl::StrCat("host ", host, " has no decision ", revision));
  }
  DecisionRecord decision;
  decision.revision = revision;
  decision.host = host;
  decision.time = FromNs(select.Int());
  decision.verdict = select.Text();
  decision.reason = select.Text();
  decision.policy_revision = select.Unsigned();
  decision.measurement = select.Blob();
  if (select.NextIsNull()) return decision;
  PlannerInputs& inputs = decision.inputs.emplace();
  LB_ASSIGN_OR_RETURN(inputs.planner, balance::ParsePlannerKind(select.Text()));
  inputs.algorithm_version = static_cast<std::uint32_t>(select.Int());
  inputs.bytes = select.Blob();
  return decision;
}

}  // namespace lb::controller
