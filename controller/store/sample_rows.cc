#include "controller/store/sample_rows.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

// Binds what both kinds of sample begin with.
template <class AnySample>
Statement& BindHead(Statement& insert, const AnySample& sample) {
  return insert.Reset()
      .Bind(sample.host)
      .Bind(ToNs(sample.time))
      .Bind(sample.term.value())
      .Bind(sample.epoch.value());
}

}  // namespace

absl::StatusOr<std::vector<std::uint64_t>> InsertSamples(
    Connection& db, std::span<const Sample> samples) {
  LB_ASSIGN_OR_RETURN(
      Statement processors,
      db.Prepare("INSERT INTO processor_samples VALUES (?, ?, ?, ?, ?, ?)"));
  LB_ASSIGN_OR_RETURN(
      Statement buckets,
      db.Prepare("INSERT INTO bucket_samples VALUES (?, ?, ?, ?, ?)"));
  std::vector<std::uint64_t> rows;
  rows.reserve(samples.size());
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
    rows.push_back(static_cast<std::uint64_t>(db.last_row_id()));
  }
  return rows;
}

absl::StatusOr<std::vector<StoredBucketSample>> ReadBucketSamples(
    Connection& db, const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Statement select, SelectPage(db, "term, epoch, buckets",
                                                   "bucket_samples", page));
  std::vector<StoredBucketSample> found;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return found;
    StoredBucketSample& stored = found.emplace_back();
    stored.row = select.Unsigned();
    stored.sample.host = page.host;
    stored.sample.time = FromNs(select.Int());
    stored.sample.term = Term(select.Unsigned());
    stored.sample.epoch = Epoch(select.Unsigned());
    LB_ASSIGN_OR_RETURN(stored.sample.buckets, UnpackBuckets(select.Blob()));
  }
}

absl::StatusOr<PageStart> StartOfPage(Connection& db, std::string_view table,
                                      const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Statement last, db.Prepare(absl::StrCat(
                                          "SELECT time_ns FROM ", ToAbsl(table),
                                          " WHERE rowid = ?")));
  LB_ASSIGN_OR_RETURN(const bool found, last.Bind(page.after).Step());
  const std::int64_t from = ToNs(page.from);
  if (!found) return PageStart{from, "(? = 0 AND rowid > ?)", 0, page.after};
  const std::int64_t last_ns = last.Int();
  return PageStart{std::max(last_ns, from), "(time_ns, rowid) > (?, ?)",
                   last_ns, page.after};
}

absl::StatusOr<Statement> SelectPage(Connection& db, std::string_view columns,
                                     std::string_view table,
                                     const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(const PageStart start, StartOfPage(db, table, page));
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare(absl::StrCat(
          "SELECT rowid, time_ns, ", ToAbsl(columns), " FROM ", ToAbsl(table),
          " WHERE host = ? AND time_ns >= ? AND time_ns < ? AND ",
          ToAbsl(start.follows), " ORDER BY time_ns, rowid LIMIT ?")));
  select.Bind(page.host)
      .Bind(start.from_ns)
      .Bind(ToNs(page.to))
      .Bind(start.follows_time_ns)
      .Bind(start.follows_row)
      .Bind(page.limit);
  return select;
}

}  // namespace lb::controller
