#include "controller/store/input_pruning.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

constexpr int kMostRows = 64;
constexpr std::size_t kMostBytes = 1 << 20;

struct InputTable {
  const char* name;
  // Keys, times and bytes, oldest first.
  const char* oldest;
  const char* remove;  // up to a key
};
constexpr InputTable kPlans = {
    "plan_inputs",
    "SELECT plan_id, create_time_ns, bytes FROM plan_inputs "
    "JOIN plans USING (plan_id) ORDER BY plan_id LIMIT ?",
    "DELETE FROM plan_inputs WHERE plan_id <= ?"};
constexpr InputTable kDecisions = {
    "decision_inputs",
    "SELECT revision, time_ns, measurement || coalesce(bytes, x'') "
    "FROM decision_inputs JOIN decisions USING (revision) "
    "ORDER BY revision LIMIT ?",
    "DELETE FROM decision_inputs WHERE revision <= ?"};

struct Doomed {
  std::uint64_t rows = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::string bytes;
};

// When the oldest inputs are of; the end of time if there are none.
absl::StatusOr<WallTime> OldestTime(Connection& db, const InputTable& table) {
  LB_ASSIGN_OR_RETURN(Statement select, db.Prepare(table.oldest));
  LB_ASSIGN_OR_RETURN(const bool row, select.Bind(std::int64_t{1}).Step());
  if (!row) return WallTime::max();
  select.Skip();
  return FromNs(select.Int());
}

// The oldest rows, as many as one step may take and as have to go: those from
// before `oldest_kept`, and those that bring `excess` bytes down to nothing.
absl::StatusOr<Doomed> Choose(Connection& db, const InputTable& table,
                              WallTime oldest_kept, std::uint64_t excess) {
  LB_ASSIGN_OR_RETURN(Statement select, db.Prepare(table.oldest));
  select.Bind(std::int64_t{kMostRows});
  Doomed doomed;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return doomed;
    const std::uint64_t key = select.Unsigned();
    const WallTime time = FromNs(select.Int());
    const bool goes = time < oldest_kept || doomed.bytes.size() < excess;
    if (!goes || doomed.bytes.size() >= kMostBytes) return doomed;
    if (doomed.rows++ == 0) doomed.first = key;
    doomed.last = key;
    doomed.bytes += select.Blob();
  }
}

AuditRecord RecordOf(const InputTable& table, const Doomed& doomed,
                     const InputLimits& limits, bool too_many, WallTime now) {
  AuditRecord record;
  record.time = now;
  record.caller = "controller";
  record.role = Role::kAdmin;
  record.method = "store/Prune";
  record.resource = table.name;
  record.outcome = "OK";
  record.reason =
      too_many ? absl::StrCat("more than ", limits.bytes, " bytes of inputs")
               : absl::StrCat("older than ", limits.age.count(), " seconds");
  record.before = absl::StrCat(
      R"({"count":)", doomed.rows, R"(,"first":)", doomed.first, R"(,"last":)",
      doomed.last, R"(,"bytes":)", doomed.bytes.size(), R"(,"sha256":")",
      ToHex(HashOf(doomed.bytes)), R"("})");
  return record;
}

}  // namespace

absl::StatusOr<std::optional<PrunedInputs>> PruneInputs(
    Connection& db, const InputLimits& limits, std::uint64_t stored_bytes,
    WallTime now) {
  LB_ASSIGN_OR_RETURN(const WallTime plans, OldestTime(db, kPlans));
  LB_ASSIGN_OR_RETURN(const WallTime decisions, OldestTime(db, kDecisions));
  const InputTable& table = decisions < plans ? kDecisions : kPlans;
  const std::uint64_t excess =
      stored_bytes > limits.bytes ? stored_bytes - limits.bytes : 0;
  LB_ASSIGN_OR_RETURN(const Doomed doomed,
                      Choose(db, table, now - limits.age, excess));
  if (doomed.rows == 0) return std::optional<PrunedInputs>();
  LB_ASSIGN_OR_RETURN(Statement remove, db.Prepare(table.remove));
  LB_RETURN_IF_ERROR(remove.Bind(doomed.last).Run());
  return PrunedInputs{doomed.bytes.size(),
                      RecordOf(table, doomed, limits, excess > 0, now)};
}

}  // namespace lb::controller
