#include "controller/store/control_db.h"

#include <map>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "controller/store/audit_rows.h"
#include "controller/store/decision_rows.h"
#include "controller/store/event_rows.h"
#include "controller/store/host_rows.h"
#include "controller/store/input_pruning.h"
#include "controller/store/intent_rows.h"
#include "controller/store/open_database.h"
#include "controller/store/plan_rows.h"
#include "controller/store/policy_rows.h"
#include "controller/store/request_rows.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

std::string RandomStoreId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) absl::StrAppendFormat(&id, "%08x", device());
  return id;
}

// Errors of the file itself, after which the connection is not to be trusted.
bool IsFileError(const absl::Status& status) {
  return !absl::IsNotFound(status) && !absl::IsInvalidArgument(status) &&
         !absl::IsAlreadyExists(status);
}

absl::Status BeginTerm(Connection& db, Term term, WallTime now) {
  LB_ASSIGN_OR_RETURN(Statement insert,
                      db.Prepare("INSERT OR IGNORE INTO terms VALUES (?, ?)"));
  return insert.Bind(term.value()).Bind(ToNs(now)).Run();
}

absl::StatusOr<StoreIdentity> TakeTerm(Connection& db, WallTime now) {
  LB_RETURN_IF_ERROR(db.Execute("BEGIN IMMEDIATE;"));
  LB_RETURN_IF_ERROR(db.Execute("UPDATE identity SET term = term + 1;"));
  StoreIdentity identity;
  {
    LB_ASSIGN_OR_RETURN(
        Statement select,
        db.Prepare("SELECT store_id, term, fenced, adopted_term "
                   "FROM identity"));
    LB_RETURN_IF_ERROR(select.Run());
    identity.store_id = select.Text();
    identity.term = Term(select.Unsigned());
    identity.fenced = select.Text();
    identity.adopted_term = Term(select.Unsigned());
  }
  LB_RETURN_IF_ERROR(BeginTerm(db, identity.term, now));
  LB_RETURN_IF_ERROR(db.Execute("COMMIT;"));
  return identity;
}

absl::Status Adopt(Connection& db, Term term, WallTime now) {
  LB_ASSIGN_OR_RETURN(const std::int64_t present,
                      db.QueryInt("SELECT term FROM identity"));
  if (term < Term(static_cast<std::uint64_t>(present))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "term ", term.value(), " is below the present one, ", present));
  }
  LB_ASSIGN_OR_RETURN(Statement set,
                      db.Prepare("UPDATE identity SET term = ?1, "
                                 "adopted_term = ?1, fenced = ''"));
  LB_RETURN_IF_ERROR(set.Bind(term.value()).Run());
  return BeginTerm(db, term, now);
}

// What operators want, as far as `change` says.
absl::Status WriteIntents(Connection& db, const Change& change, WallTime now) {
  if (change.intent) LB_RETURN_IF_ERROR(WriteIntent(db, *change.intent));
  if (change.fleet_pause) {
    LB_RETURN_IF_ERROR(WritePause(db, "", change.fleet_pause->pause));
  }
  if (change.forget) LB_RETURN_IF_ERROR(ForgetHost(db, *change.forget, now));
  if (change.adopt) LB_RETURN_IF_ERROR(Adopt(db, *change.adopt, now));
  return absl::OkStatus();
}

}  // namespace

absl::Status ControlDb::Create(const std::string& path, WallTime now) {
  return CreateDatabase(
      path, ControlSchema(), [now](Connection& db) -> absl::Status {
        LB_ASSIGN_OR_RETURN(
            Statement insert,
            db.Prepare("INSERT INTO identity (sentinel, store_id, "
                       "create_time_ns, term, revision) "
                       "VALUES (1, ?, ?, 0, 0)"));
        return insert.Bind(RandomStoreId()).Bind(ToNs(now)).Run();
      });
}

absl::StatusOr<ControlDb> ControlDb::Open(const std::string& path,
                                          WallTime now) {
  LB_ASSIGN_OR_RETURN(
      HeldDatabase file,
      HeldDatabase::Open(path, ControlSchema(), Durability::kEveryCommit));
  LB_ASSIGN_OR_RETURN(Connection* const db, file.Connect());
  LB_ASSIGN_OR_RETURN(StoreIdentity identity, TakeTerm(*db, now));
  return ControlDb(std::move(file), std::move(identity));
}

absl::StatusOr<ControlDb::End> ControlDb::ReadEnd(Connection& db) {
  End end;
  {
    LB_ASSIGN_OR_RETURN(
        Statement select,
        db.Prepare("SELECT revision, inputs_bytes FROM identity"));
    LB_RETURN_IF_ERROR(select.Run());
    end.revision = select.Unsigned();
    end.inputs_bytes = select.Unsigned();
  }
  LB_ASSIGN_OR_RETURN(end.head, ReadAuditHead(db));
  return end;
}

absl::StatusOr<Committed> ControlDb::Apply(Connection& db, const Change& change,
                                           WallTime now, End& end) {
  if (change.decision && !change.event) {
    return absl::InvalidArgumentError("a decision needs its event");
  }
  Committed committed;
  std::string made;  // name of the plan that is new, or sent
  committed.revision = ++end.revision;
  const WallTime time = change.event ? change.event->time : now;
  if (change.request) {
    LB_RETURN_IF_ERROR(RequireNewRequest(db, *change.request));
  }
  if (change.host) LB_RETURN_IF_ERROR(WriteHost(db, *change.host));
  if (change.update) {
    LB_ASSIGN_OR_RETURN(const PlanRecord updated,
                        UpdatePlan(db, *change.update));
    committed.epoch = updated.epoch;
    if (change.update->term) made = PlanName(updated);
  }
  if (change.plan) {
    LB_ASSIGN_OR_RETURN(const PlanRecord inserted,
                        InsertPlan(db, *change.plan));
    committed.plan_id = inserted.id;
    committed.epoch = inserted.epoch;
    made = PlanName(inserted);
    end.inputs_bytes += change.plan->inputs.bytes.size();
  }
  if (change.policy) {
    LB_ASSIGN_OR_RETURN(committed.policy_revision,
                        ChangePolicy(db, *change.policy, time));
  }
  LB_RETURN_IF_ERROR(WriteIntents(db, change, time));
  if (change.event) {
    Event event = *change.event;
    event.revision = end.revision;
    // What is new is named in its own event; what was sent was named before.
    if (change.plan) event.message = absl::StrCat(made, ": ", event.message);
    LB_RETURN_IF_ERROR(InsertEvent(db, event));
  }
  if (change.decision) {
    DecisionRecord decision = *change.decision;
    decision.revision = end.revision;
    LB_ASSIGN_OR_RETURN(const std::size_t bytes, InsertDecision(db, decision));
    end.inputs_bytes += bytes;
  }
  if (change.audit) {
    AuditRecord record = *change.audit;
    record.revision = end.revision;
    LB_RETURN_IF_ERROR(InsertAudit(db, std::move(record), end.head));
  }
  committed.head = end.head;
  if (change.request) {
    RequestRecord request = *change.request;
    request.revision = end.revision;
    request.head = end.head;
    if (!made.empty()) request.subject = made;
    LB_RETURN_IF_ERROR(InsertRequest(db, request));
  }
  return committed;
}

absl::Status ControlDb::ApplyTogether(
    Connection& db, std::span<const Change> changes, WallTime now, End& end,
    std::vector<absl::StatusOr<Committed>>& results) {
  for (const Change& change : changes) {
    LB_ASSIGN_OR_RETURN(const Committed committed, Apply(db, change, now, end));
    results.emplace_back(committed);
  }
  return absl::OkStatus();
}

absl::Status ControlDb::ApplyEach(
    Connection& db, std::span<const Change> changes, WallTime now, End& end,
    std::vector<absl::StatusOr<Committed>>& results) {
  for (const Change& change : changes) {
    LB_RETURN_IF_ERROR(db.Execute("SAVEPOINT change;"));
    End after = end;
    absl::StatusOr<Committed> applied = Apply(db, change, now, after);
    if (applied.ok()) {
      end = after;
    } else if (IsFileError(applied.status())) {
      return applied.status();
    } else {
      LB_RETURN_IF_ERROR(db.Execute("ROLLBACK TO change;"));
    }
    LB_RETURN_IF_ERROR(db.Execute("RELEASE change;"));
    results.push_back(std::move(applied));
  }
  return absl::OkStatus();
}

absl::Status ControlDb::CommitAll(
    std::span<const Change> changes, WallTime now,
    std::vector<absl::StatusOr<Committed>>& results) {
  LB_ASSIGN_OR_RETURN(Connection* const db, file_.Connect());
  LB_RETURN_IF_ERROR(db->Execute("BEGIN IMMEDIATE;"));
  LB_ASSIGN_OR_RETURN(const End begin, ReadEnd(*db));
  End end = begin;
  // A change is hardly ever wrong, and a savepoint costs as much as the rows:
  // every page is kept as it was before it is written.
  absl::Status applied = ApplyTogether(*db, changes, now, end, results);
  if (!applied.ok() && !IsFileError(applied)) {
    LB_RETURN_IF_ERROR(db->Execute("ROLLBACK; BEGIN IMMEDIATE;"));
    results.clear();
    end = begin;
    applied = ApplyEach(*db, changes, now, end, results);
  }
  LB_RETURN_IF_ERROR(applied);
  return Finish(*db, end);
}

absl::Status ControlDb::Finish(Connection& db, const End& end) {
  {
    LB_ASSIGN_OR_RETURN(Statement set,
                        db.Prepare("UPDATE identity SET revision = ?, "
                                   "inputs_bytes = ?"));
    LB_RETURN_IF_ERROR(set.Bind(end.revision).Bind(end.inputs_bytes).Run());
  }
  const absl::Status committed = db.Execute("COMMIT;");
  // A commit that returned an error can still be durable.
  return committed.ok() || IsDurable(end.revision) ? absl::OkStatus()
                                                   : committed;
}

bool ControlDb::IsDurable(std::uint64_t revision) {
  file_.Drop();
  const absl::StatusOr<Connection*> db = file_.Connect();
  if (!db.ok()) return false;
  const absl::StatusOr<End> found = ReadEnd(**db);
  if (!found.ok() || found->revision != revision) return false;
  // It is read from memory, perhaps. On the disk it is once it was brought
  // into the file, which is synced then.
  return (*db)->Checkpoint().ok();
}

std::vector<absl::StatusOr<Committed>> ControlDb::Commit(
    std::span<const Change> changes, WallTime now) {
  std::vector<absl::StatusOr<Committed>> results;
  results.reserve(changes.size());
  const absl::Status status = CommitAll(changes, now, results);
  if (!status.ok()) {
    file_.Drop();  // with it goes a transaction that is still open
    results.assign(changes.size(), absl::UnavailableError(status.message()));
  }
  return results;
}

absl::StatusOr<bool> ControlDb::PruneStep(const InputLimits& limits,
                                          WallTime now) {
  LB_ASSIGN_OR_RETURN(Connection* const db, file_.Connect());
  LB_RETURN_IF_ERROR(db->Execute("BEGIN IMMEDIATE;"));
  LB_ASSIGN_OR_RETURN(End end, ReadEnd(*db));
  LB_ASSIGN_OR_RETURN(std::optional<PrunedInputs> pruned,
                      PruneInputs(*db, limits, end.inputs_bytes, now));
  if (!pruned) {
    LB_RETURN_IF_ERROR(db->Execute("COMMIT;"));
    return false;
  }
  end.inputs_bytes -= pruned->bytes;
  pruned->audit.revision = ++end.revision;
  LB_RETURN_IF_ERROR(InsertAudit(*db, std::move(pruned->audit), end.head));
  LB_RETURN_IF_ERROR(Finish(*db, end));
  return true;
}

absl::StatusOr<bool> ControlDb::Prune(const InputLimits& limits, WallTime now) {
  absl::StatusOr<bool> pruned = PruneStep(limits, now);
  if (!pruned.ok()) {
    file_.Drop();
    return absl::UnavailableError(pruned.status().message());
  }
  return pruned;
}

absl::StatusOr<StoredState> ControlDb::LoadState(WallTime moves_since) {
  LB_ASSIGN_OR_RETURN(Connection* const db, file_.Connect());
  StoredState state;
  LB_ASSIGN_OR_RETURN(const End end, ReadEnd(*db));
  state.revision = end.revision;
  state.head = end.head;
  LB_ASSIGN_OR_RETURN(auto policies, ReadPolicies(*db));
  LB_ASSIGN_OR_RETURN(auto intents, ReadIntents(*db));
  LB_ASSIGN_OR_RETURN(state.hosts, ReadHosts(*db));
  LB_ASSIGN_OR_RETURN(state.forgotten, ReadForgotten(*db));
  for (HostRecord& host : state.hosts) {
    if (const auto own = policies.find(host.host); own != policies.end()) {
      host.policy = own->second;
    }
    if (const auto own = intents.find(host.host); own != intents.end()) {
      host.intent = std::move(own->second);
    }
  }
  if (const auto found = policies.find(""); found != policies.end()) {
    state.policy = found->second;
  }
  state.fleet_pause = std::move(intents[""].pause);
  LB_ASSIGN_OR_RETURN(state.last_plans, ReadLastPlans(*db));
  LB_ASSIGN_OR_RETURN(state.open_proposals, ReadOpenProposals(*db));
  LB_ASSIGN_OR_RETURN(state.recent_moves, ReadRecentMoves(*db, moves_since));
  return state;
}

}  // namespace lb::controller
