#include "controller/store/control_db.h"

#include <array>
#include <limits>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/log.h"
#include "common/status.h"
#include "controller/store/host_rows.h"
#include "controller/store/open_database.h"
#include "controller/store/plan_rows.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

std::string RandomStoreId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) absl::StrAppendFormat(&id, "%08x", device());
  return id;
}

absl::StatusOr<std::uint64_t> ReadRevision(Connection& db) {
  LB_ASSIGN_OR_RETURN(const std::int64_t revision,
                      db.QueryInt("SELECT revision FROM identity"));
  return static_cast<std::uint64_t>(revision);
}

absl::Status InsertEvent(Connection& db, const Event& event) {
  LB_ASSIGN_OR_RETURN(Statement insert,
                      db.Prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?)"));
  return insert.Bind(event.revision)
      .Bind(ToNs(event.time))
      .Bind(event.host)
      .Bind(EventKindName(event.kind))
      .Bind(event.message)
      .Run();
}

absl::StatusOr<Committed> Apply(Connection& db, const Change& change,
                                std::uint64_t revision) {
  Committed committed;
  committed.revision = revision;
  Event event = change.event;
  event.revision = revision;
  if (change.host) LB_RETURN_IF_ERROR(WriteHost(db, *change.host));
  if (change.update) LB_RETURN_IF_ERROR(UpdatePlan(db, *change.update));
  if (change.plan) {
    PlanRecord plan = *change.plan;
    LB_RETURN_IF_ERROR(InsertPlan(db, plan));
    committed.plan_id = plan.id;
    committed.epoch = plan.epoch;
    event.message = absl::StrCat(PlanName(plan), ": ", event.message);
  }
  if (change.policy) {
    LB_ASSIGN_OR_RETURN(committed.policy_revision,
                        InsertPolicy(db, *change.policy, event.time));
  }
  LB_RETURN_IF_ERROR(InsertEvent(db, event));
  return committed;
}

// Errors of the file itself, after which the connection is not to be trusted.
bool IsFileError(const absl::Status& status) {
  return !absl::IsNotFound(status) && !absl::IsInvalidArgument(status);
}

absl::StatusOr<std::vector<Event>> ReadEvents(Statement& select) {
  std::vector<Event> events;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return events;
    Event event;
    event.revision = select.Unsigned();
    event.time = FromNs(select.Int());
    event.host = select.Text();
    LB_ASSIGN_OR_RETURN(event.kind, ParseEventKind(select.Text()));
    event.message = select.Text();
    events.push_back(std::move(event));
  }
}

absl::StatusOr<StoreIdentity> TakeTerm(Connection& db, WallTime now) {
  LB_RETURN_IF_ERROR(db.Execute("BEGIN IMMEDIATE;"));
  LB_ASSIGN_OR_RETURN(const std::string store_id,
                      db.QueryText("SELECT store_id FROM identity"));
  LB_RETURN_IF_ERROR(db.Execute("UPDATE identity SET term = term + 1;"));
  LB_ASSIGN_OR_RETURN(const std::int64_t term,
                      db.QueryInt("SELECT term FROM identity"));
  LB_ASSIGN_OR_RETURN(Statement insert,
                      db.Prepare("INSERT INTO terms VALUES (?, ?)"));
  LB_RETURN_IF_ERROR(insert.Bind(term).Bind(ToNs(now)).Run());
  LB_RETURN_IF_ERROR(db.Execute("COMMIT;"));
  return StoreIdentity{store_id, Term(static_cast<std::uint64_t>(term))};
}

}  // namespace

absl::Status ControlDb::Create(const std::string& path, WallTime now) {
  return CreateDatabase(
      path, ControlSchema(), [now](Connection& db) -> absl::Status {
        LB_ASSIGN_OR_RETURN(
            Statement insert,
            db.Prepare("INSERT INTO identity VALUES (1, ?, ?, 0, 0)"));
        return insert.Bind(RandomStoreId()).Bind(ToNs(now)).Run();
      });
}

absl::StatusOr<ControlDb> ControlDb::Open(const std::string& path,
                                          WallTime now) {
  LB_ASSIGN_OR_RETURN(Connection db, OpenDatabase(path, ControlSchema(),
                                                  Durability::kEveryCommit));
  LB_ASSIGN_OR_RETURN(StoreIdentity identity, TakeTerm(db, now));
  return ControlDb(path, std::move(db), std::move(identity));
}

absl::Status ControlDb::Connect() {
  if (db_) return absl::OkStatus();
  absl::StatusOr<Connection> db =
      ReopenDatabase(path_, Durability::kEveryCommit);
  if (!db.ok()) return absl::UnavailableError(db.status().message());
  db_.emplace(*std::move(db));
  return absl::OkStatus();
}

absl::Status ControlDb::CommitAll(
    std::span<const Change> changes,
    std::vector<absl::StatusOr<Committed>>& results) {
  LB_RETURN_IF_ERROR(db_->Execute("BEGIN IMMEDIATE;"));
  LB_ASSIGN_OR_RETURN(std::uint64_t revision, ReadRevision(*db_));
  for (const Change& change : changes) {
    LB_RETURN_IF_ERROR(db_->Execute("SAVEPOINT change;"));
    absl::StatusOr<Committed> applied = Apply(*db_, change, revision + 1);
    if (applied.ok()) {
      ++revision;
    } else if (IsFileError(applied.status())) {
      return applied.status();
    } else {
      LB_RETURN_IF_ERROR(db_->Execute("ROLLBACK TO change;"));
    }
    LB_RETURN_IF_ERROR(db_->Execute("RELEASE change;"));
    results.push_back(std::move(applied));
  }
  LB_ASSIGN_OR_RETURN(Statement set,
                      db_->Prepare("UPDATE identity SET revision = ?"));
  LB_RETURN_IF_ERROR(set.Bind(revision).Run());
  const absl::Status committed = db_->Execute("COMMIT;");
  // A commit that returned an error can still be durable.
  return committed.ok() || IsDurable(revision) ? absl::OkStatus() : committed;
}

bool ControlDb::IsDurable(std::uint64_t revision) {
  db_.reset();
  if (!Connect().ok()) return false;
  const absl::StatusOr<std::uint64_t> found = ReadRevision(*db_);
  return found.ok() && *found == revision;
}

std::vector<absl::StatusOr<Committed>> ControlDb::Commit(
    std::span<const Change> changes) {
  std::vector<absl::StatusOr<Committed>> results;
  results.reserve(changes.size());
  absl::Status status = Connect();
  if (status.ok()) status = CommitAll(changes, results);
  if (!status.ok()) {
    db_.reset();  // with it goes a transaction that is still open
    results.assign(changes.size(), absl::UnavailableError(status.message()));
  }
  return results;
}

absl::StatusOr<StoredState> ControlDb::LoadState(WallTime moves_since) {
  LB_RETURN_IF_ERROR(Connect());
  StoredState state;
  LB_ASSIGN_OR_RETURN(state.revision, ReadRevision(*db_));
  LB_ASSIGN_OR_RETURN(state.policy, ReadPolicy(*db_));
  LB_ASSIGN_OR_RETURN(state.hosts, ReadHosts(*db_));
  LB_ASSIGN_OR_RETURN(state.last_plans, ReadLastPlans(*db_));
  LB_ASSIGN_OR_RETURN(state.open_proposals, ReadOpenProposals(*db_));
  LB_ASSIGN_OR_RETURN(state.recent_moves, ReadRecentMoves(*db_, moves_since));
  return state;
}

absl::StatusOr<PlanRecord> ControlDb::GetPlan(const std::string& host,
                                              Epoch epoch) {
  LB_RETURN_IF_ERROR(Connect());
  return ReadPlan(*db_, host, epoch);
}

absl::StatusOr<PlanRecord> ControlDb::GetProposal(const std::string& host,
                                                  std::uint64_t id) {
  LB_RETURN_IF_ERROR(Connect());
  return ReadProposal(*db_, host, id);
}

absl::StatusOr<std::vector<PlanRecord>> ControlDb::ListPlans(
    const PlanPage& page) {
  LB_RETURN_IF_ERROR(Connect());
  return ReadPlans(*db_, page);
}

absl::StatusOr<std::vector<Event>> ControlDb::ListEvents(
    const EventPage& page) {
  LB_RETURN_IF_ERROR(Connect());
  const char* one_host = page.host.empty() ? "?1 = '' AND " : "host = ?1 AND ";
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db_->Prepare(absl::StrCat(
          "SELECT revision, time_ns, host, kind, message FROM events WHERE ",
          one_host, "revision < ?2 ORDER BY revision DESC LIMIT ?3")));
  const std::int64_t before = page.before == 0
                                  ? std::numeric_limits<std::int64_t>::max()
                                  : static_cast<std::int64_t>(page.before);
  select.Bind(page.host).Bind(before).Bind(page.limit);
  return ReadEvents(select);
}

absl::StatusOr<std::vector<Event>> ControlDb::ListEventsAfter(
    const std::string& host, std::uint64_t after, std::uint32_t limit) {
  LB_RETURN_IF_ERROR(Connect());
  const char* one_host = host.empty() ? "?1 = '' AND " : "host = ?1 AND ";
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db_->Prepare(absl::StrCat(
          "SELECT revision, time_ns, host, kind, message FROM events WHERE ",
          one_host, "revision > ?2 ORDER BY revision LIMIT ?3")));
  select.Bind(host).Bind(after).Bind(limit);
  return ReadEvents(select);
}

}  // namespace lb::controller
