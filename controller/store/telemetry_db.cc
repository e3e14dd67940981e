#include "controller/store/telemetry_db.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/open_database.h"
#include "controller/store/private_file.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

absl::Status Create(const std::string& path, const std::string& store_id,
                    WallTime now) {
  return CreateDatabase(
      path, TelemetrySchema(), [&](Connection& db) -> absl::Status {
        LB_ASSIGN_OR_RETURN(
            Statement insert,
            db.Prepare("INSERT INTO identity VALUES (1, ?, ?)"));
        return insert.Bind(store_id).Bind(ToNs(now)).Run();
      });
}

// Binds what both kinds of sample begin with.
template <class AnySample>
Statement& BindHead(Statement& insert, const AnySample& sample) {
  return insert.Reset()
      .Bind(sample.host)
      .Bind(ToNs(sample.time))
      .Bind(sample.term.value())
      .Bind(sample.epoch.value());
}

absl::Status Insert(Connection& db, std::span<const Sample> samples) {
  LB_ASSIGN_OR_RETURN(
      Statement processors,
      db.Prepare("INSERT INTO processor_samples VALUES (?, ?, ?, ?, ?, ?)"));
  LB_ASSIGN_OR_RETURN(
      Statement buckets,
      db.Prepare("INSERT INTO bucket_samples VALUES (?, ?, ?, ?, ?)"));
  for (const Sample& sample : samples) {
    if (const auto* one = std::get_if<ProcessorSample>(&sample)) {
      LB_RETURN_IF_ERROR(BindHead(processors, *one)
                             .Bind(std::int64_t{one->interval.count()})
                             .BindBlob(PackProcessors(one->processors))
                             .Run());
    } else if (const auto* other = std::get_if<BucketSample>(&sample)) {
      LB_RETURN_IF_ERROR(BindHead(buckets, *other)
                             .BindBlob(PackBuckets(other->buckets))
                             .Run());
    }
  }
  return absl::OkStatus();
}

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

struct SampleTable {
  const char* oldest;
  const char* remove;  // up to a number of rows, none newer than a time
};
constexpr SampleTable kProcessors = {
    "SELECT time_ns FROM processor_samples ORDER BY rowid LIMIT 1",
    "DELETE FROM processor_samples WHERE rowid IN "
    "(SELECT rowid FROM processor_samples ORDER BY rowid LIMIT ?) "
    "AND time_ns <= ?"};
constexpr SampleTable kBuckets = {
    "SELECT time_ns FROM bucket_samples ORDER BY rowid LIMIT 1",
    "DELETE FROM bucket_samples WHERE rowid IN "
    "(SELECT rowid FROM bucket_samples ORDER BY rowid LIMIT ?) "
    "AND time_ns <= ?"};

// The end of time if there is none.
absl::StatusOr<std::int64_t> OldestNs(Connection& db,
                                      const SampleTable& table) {
  LB_ASSIGN_OR_RETURN(Statement select, db.Prepare(table.oldest));
  LB_ASSIGN_OR_RETURN(const bool row, select.Step());
  return row ? select.Int() : std::numeric_limits<std::int64_t>::max();
}

// Removes up to about `rows` rows, the oldest of both tables, so that both
// reach back equally far, until no more than `limit_bytes` are in use.
absl::Status RemoveOldest(Connection& db, std::size_t rows,
                          std::uint64_t limit_bytes) {
  constexpr std::uint64_t kAtOnce = 64;
  for (std::size_t removed = 0; removed < rows;) {
    LB_ASSIGN_OR_RETURN(const std::uint64_t used, UsedBytes(db));
    if (used <= limit_bytes) break;
    LB_ASSIGN_OR_RETURN(const std::int64_t processors,
                        OldestNs(db, kProcessors));
    LB_ASSIGN_OR_RETURN(const std::int64_t buckets, OldestNs(db, kBuckets));
    LB_ASSIGN_OR_RETURN(Statement remove,
                        db.Prepare(buckets < processors ? kBuckets.remove
                                                        : kProcessors.remove));
    LB_RETURN_IF_ERROR(
        remove.Bind(kAtOnce).Bind(std::max(processors, buckets)).Run());
    if (db.changed_rows() == 0) break;  // there are none
    removed += static_cast<std::size_t>(db.changed_rows());
  }
  return absl::OkStatus();
}

// The rows of a page. A row that is gone ends no page: the oldest go first, so
// that all that are left come after it.
absl::StatusOr<Statement> SelectPage(Connection& db, const char* columns,
                                     const char* table,
                                     const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Statement last,
                      db.Prepare(absl::StrCat("SELECT time_ns FROM ", table,
                                              " WHERE rowid = ?")));
  LB_ASSIGN_OR_RETURN(const bool found, last.Bind(page.after).Step());
  const std::int64_t from =
      found ? std::max(last.Int(), ToNs(page.from)) : ToNs(page.from);
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare(absl::StrCat(
          "SELECT rowid, time_ns, term, epoch, ", columns, " FROM ", table,
          " WHERE host = ? AND time_ns >= ? AND time_ns < ? ",
          found ? "AND (time_ns, rowid) > (?, ?) " : "AND ? = 0 AND rowid > ? ",
          "ORDER BY time_ns, rowid LIMIT ?")));
  select.Bind(page.host)
      .Bind(from)
      .Bind(ToNs(page.to))
      .Bind(found ? from : 0)
      .Bind(page.after)
      .Bind(page.limit);
  return select;
}

// What every stored sample begins with.
template <class Stored>
Stored ReadHead(Statement& row, const std::string& host) {
  Stored stored;
  stored.row = row.Unsigned();
  stored.sample.host = host;
  stored.sample.time = FromNs(row.Int());
  stored.sample.term = Term(row.Unsigned());
  stored.sample.epoch = Epoch(row.Unsigned());
  return stored;
}

}  // namespace

absl::StatusOr<TelemetryDb> TelemetryDb::Open(const std::string& path,
                                              const std::string& store_id,
                                              std::uint64_t limit_bytes,
                                              WallTime now) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    LB_RETURN_IF_ERROR(Create(path, store_id, now));
  }
  LB_ASSIGN_OR_RETURN(
      HeldDatabase file,
      HeldDatabase::Open(path, TelemetrySchema(), Durability::kSoon));
  LB_ASSIGN_OR_RETURN(Connection* const db, file.Connect());
  LB_ASSIGN_OR_RETURN(const std::string found,
                      db->QueryText("SELECT store_id FROM identity"));
  if (found != store_id) {
    return absl::DataLossError(absl::StrCat(
        path, " belongs to store ", found, ", control.db is ", store_id,
        "; move it away, or have it set aside, to begin a new one"));
  }
  return TelemetryDb(std::move(file), limit_bytes);
}

absl::Status TelemetryDb::AppendAll(std::span<const Sample> samples) {
  LB_ASSIGN_OR_RETURN(Connection* const db, file_.Connect());
  LB_RETURN_IF_ERROR(db->Execute("BEGIN IMMEDIATE;"));
  LB_RETURN_IF_ERROR(Insert(*db, samples));
  // More than came, so that it shrinks, and no more than that, so that what
  // comes is not kept waiting.
  LB_RETURN_IF_ERROR(RemoveOldest(*db, 2 * samples.size() + 1, limit_bytes_));
  return db->Execute("COMMIT;");
}

absl::Status TelemetryDb::Append(std::span<const Sample> samples) {
  absl::Status status = AppendAll(samples);
  if (!status.ok()) file_.Drop();
  return status;
}

absl::StatusOr<std::vector<StoredProcessorSample>> TelemetryDb::ReadProcessors(
    const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Connection* const db, file_.Connect());
  LB_ASSIGN_OR_RETURN(
      Statement select,
      SelectPage(*db, "interval_ns, processors", "processor_samples", page));
  std::vector<StoredProcessorSample> found;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return found;
    auto stored = ReadHead<StoredProcessorSample>(select, page.host);
    stored.sample.interval = std::chrono::nanoseconds(select.Int());
    LB_ASSIGN_OR_RETURN(stored.sample.processors,
                        UnpackProcessors(select.Blob()));
    found.push_back(std::move(stored));
  }
}

absl::StatusOr<std::vector<StoredBucketSample>> TelemetryDb::ReadBuckets(
    const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Connection* const db, file_.Connect());
  LB_ASSIGN_OR_RETURN(Statement select,
                      SelectPage(*db, "buckets", "bucket_samples", page));
  std::vector<StoredBucketSample> found;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return found;
    auto stored = ReadHead<StoredBucketSample>(select, page.host);
    LB_ASSIGN_OR_RETURN(stored.sample.buckets, UnpackBuckets(select.Blob()));
    found.push_back(std::move(stored));
  }
}

absl::StatusOr<std::string> SetAside(const std::string& path, WallTime now) {
  std::string time = FormatWallTime(now);
  std::erase(time, ':');  // a name that every file system and shell takes
  std::string aside = absl::StrCat(path, ".damaged-", time);
  for (const char* suffix : {"-wal", "-shm", ""}) {
    if (std::rename((path + suffix).c_str(), (aside + suffix).c_str()) != 0 &&
        errno != ENOENT) {
      return ErrnoStatus(errno, path + suffix);
    }
  }
  LB_RETURN_IF_ERROR(SyncPath(ParentOf(path)));
  return aside;
}

}  // namespace lb::controller
