#include "controller/store/telemetry_pruning.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {
namespace {

// Bytes of the file that are in use; what was freed is used again.
absl::StatusOr<std::uint64_t> UsedBytes(Connection& db) {
  LB_ASSIGN_OR_RETURN(const std::int64_t pages,
                      db.QueryInt("PRAGMA page_count"));
  LB_ASSIGN_OR_RETURN(const std::int64_t unused,
                      db.QueryInt("PRAGMA freelist_count"));
  LB_ASSIGN_OR_RETURN(const std::int64_t page_size,
                      db.QueryInt("PRAGMA page_size"));
  return static_cast<std::uint64_t>((pages - unused) * page_size);
}

struct Table {
  std::string_view name;
  std::int64_t reach;  // how far back, in parts that are equal for all
};
// With a report a second a minute's row is a hundredth of its reports' rows and
// an hour's a five-thousandth: all have room, and reports most of it.
constexpr std::array<Table, 4> kTables = {{{"processor_samples", 1},
                                           {"bucket_samples", 1},
                                           {"processor_minutes", 30},
                                           {"processor_hours", 1'000}}};

constexpr std::int64_t kFromTheFuture =
    std::numeric_limits<std::int64_t>::max();

// How far the table's first row is back, in its reach; -1 if there is none.
absl::StatusOr<std::int64_t> AgeOf(Connection& db, const Table& table,
                                   std::int64_t now_ns) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare(absl::StrCat("SELECT time_ns FROM ", ToAbsl(table.name),
                              " ORDER BY rowid LIMIT 1")));
  LB_ASSIGN_OR_RETURN(const bool row, select.Step());
  if (!row) return -1;
  const std::int64_t oldest_ns = select.Int();
  return oldest_ns > now_ns ? kFromTheFuture
                            : (now_ns - oldest_ns) / table.reach;
}

// The table that reaches back too far, and from what time on it would not.
struct Excess {
  const Table* table = nullptr;  // null: there are no rows
  std::int64_t until_ns = 0;
};

absl::StatusOr<Excess> FindExcess(Connection& db, std::int64_t now_ns) {
  Excess excess;
  std::int64_t most = -1;
  std::int64_t next = -1;
  for (const Table& table : kTables) {
    LB_ASSIGN_OR_RETURN(std::int64_t age, AgeOf(db, table, now_ns));
    if (age > most) {
      std::swap(age, most);
      excess.table = &table;
    }
    if (age > next) next = age;
  }
  if (excess.table == nullptr) return excess;
  if (most == kFromTheFuture) {
    excess.until_ns = std::numeric_limits<std::int64_t>::max();
  } else {
    excess.until_ns =
        now_ns - std::max<std::int64_t>(next, 0) * excess.table->reach;
  }
  return excess;
}

// Of reports that are gone; there are never more names than reports.
absl::Status RemoveNames(Connection& db, std::uint64_t at_once) {
  LB_ASSIGN_OR_RETURN(
      Statement remove,
      db.Prepare("DELETE FROM processor_sample_rows WHERE rowid IN "
                 "(SELECT rowid FROM processor_sample_rows "
                 "ORDER BY rowid LIMIT ?) AND last_row < "
                 "coalesce((SELECT min(rowid) FROM processor_samples), "
                 "last_row + 1)"));
  return remove.Bind(at_once).Run();
}

}  // namespace

absl::Status RemoveOldest(Connection& db, std::int64_t now_ns, std::size_t rows,
                          std::uint64_t limit_bytes) {
  constexpr std::uint64_t kAtOnce = 64;
  for (std::size_t removed = 0; removed < rows;) {
    LB_ASSIGN_OR_RETURN(const std::uint64_t used, UsedBytes(db));
    if (used <= limit_bytes) break;
    LB_ASSIGN_OR_RETURN(const Excess excess, FindExcess(db, now_ns));
    if (excess.table == nullptr) break;
    LB_ASSIGN_OR_RETURN(
        Statement remove,
        db.Prepare(absl::StrCat("DELETE FROM ", ToAbsl(excess.table->name),
                                " WHERE rowid IN (SELECT rowid FROM ",
                                ToAbsl(excess.table->name),
                                " ORDER BY rowid LIMIT ?) AND time_ns <= ?")));
    LB_RETURN_IF_ERROR(remove.Bind(kAtOnce).Bind(excess.until_ns).Run());
    removed += static_cast<std::size_t>(db.changed_rows());
    LB_RETURN_IF_ERROR(RemoveNames(db, kAtOnce));
  }
  return absl::OkStatus();
}

}  // namespace lb::controller
