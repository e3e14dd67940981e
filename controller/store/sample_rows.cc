#include "controller/store/sample_rows.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
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

absl::StatusOr<std::vector<StoredProcessorSample>> ReadProcessorSamples(
    Connection& db, const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Statement select,
                      SelectPage(db, "term, epoch, interval_ns, processors",
                                 "processor_samples", page));
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

absl::StatusOr<std::vector<StoredBucketSample>> ReadBucketSamples(
    Connection& db, const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Statement select, SelectPage(db, "term, epoch, buckets",
                                                   "bucket_samples", page));
  std::vector<StoredBucketSample> found;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return found;
    auto stored = ReadHead<StoredBucketSample>(select, page.host);
    LB_ASSIGN_OR_RETURN(stored.sample.buckets, UnpackBuckets(select.Blob()));
    found.push_back(std::move(stored));
  }
}

absl::StatusOr<std::vector<StoredProcessorSample>> ReadProcessorSamplesAfter(
    Connection& db, std::uint64_t after, std::uint32_t limit) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT rowid, host, time_ns, interval_ns, processors "
                 "FROM processor_samples WHERE rowid > ? "
                 "ORDER BY rowid LIMIT ?"));
  select.Bind(after).Bind(limit);
  std::vector<StoredProcessorSample> found;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return found;
    StoredProcessorSample& stored = found.emplace_back();
    stored.row = select.Unsigned();
    stored.sample.host = select.Text();
    stored.sample.time = FromNs(select.Int());
    stored.sample.interval = std::chrono::nanoseconds(select.Int());
    auto processors = UnpackProcessors(select.Blob());
    if (processors.ok()) {
      stored.sample.processors = *std::move(processors);
    } else {
      spdlog::warn("row {} of processor_samples: {}", stored.row,
                   OneLine(processors.status()));
    }
  }
}

absl::StatusOr<Statement> SelectPage(Connection& db, std::string_view columns,
                                     std::string_view table,
                                     const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Statement last, db.Prepare(absl::StrCat(
                                          "SELECT time_ns FROM ", ToAbsl(table),
                                          " WHERE rowid = ?")));
  LB_ASSIGN_OR_RETURN(const bool found, last.Bind(page.after).Step());
  const std::int64_t from =
      found ? std::max(last.Int(), ToNs(page.from)) : ToNs(page.from);
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare(absl::StrCat(
          "SELECT rowid, time_ns, ", ToAbsl(columns), " FROM ", ToAbsl(table),
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

}  // namespace lb::controller
