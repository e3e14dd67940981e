#include "controller/store/report_rows.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/log.h"
#include "common/status.h"
#include "controller/core/roll_up.h"
#include "controller/store/row_codec.h"
#include "controller/store/sample_rows.h"

namespace lb::controller {
namespace {

constexpr char kNoRows[] = "[]";

std::string RowArray(const std::vector<std::uint64_t>& rows) {
  return absl::StrCat("[", absl::StrJoin(rows, ","), "]");
}

// Reads a page, minute by minute in the order of time.
class PageReader {
 public:
  PageReader(Connection& db, const SamplePage& page, const PageStart& start)
      : db_(db), page_(page), start_(start) {}

  // Of the rows named, those that belong to the page. A row that is gone may
  // have become another report's.
  absl::Status ReadMinute(WallTime minute, const std::string& named,
                          const std::string& also_named) {
    LB_ASSIGN_OR_RETURN(
        Statement select,
        db_.Prepare(absl::StrCat(
            "SELECT rowid, time_ns, term, epoch, interval_ns, processors "
            "FROM processor_samples "
            "WHERE rowid IN (SELECT value FROM json_each(?) "
            "UNION ALL SELECT value FROM json_each(?)) "
            "AND host = ? AND time_ns >= ? AND time_ns < ? AND ",
            ToAbsl(start_.follows), " ORDER BY time_ns, rowid LIMIT ?")));
    const std::int64_t minute_ns = ToNs(minute);
    select.Bind(named)
        .Bind(also_named)
        .Bind(page_.host)
        .Bind(std::max(minute_ns, start_.from_ns))
        .Bind(std::min(ToNs(minute + std::chrono::minutes(1)), ToNs(page_.to)))
        .Bind(start_.follows_time_ns)
        .Bind(start_.follows_row)
        .Bind(page_.limit - found_.size());
    for (;;) {
      LB_ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) return absl::OkStatus();
      StoredProcessorSample& stored = found_.emplace_back();
      stored.row = select.Unsigned();
      stored.sample.host = page_.host;
      stored.sample.time = FromNs(select.Int());
      stored.sample.term = Term(select.Unsigned());
      stored.sample.epoch = Epoch(select.Unsigned());
      stored.sample.interval = std::chrono::nanoseconds(select.Int());
      LB_ASSIGN_OR_RETURN(stored.sample.processors,
                          UnpackProcessors(select.Blob()));
    }
  }

  bool full() const { return found_.size() >= page_.limit; }
  std::vector<StoredProcessorSample> Take() && { return std::move(found_); }

 private:
  Connection& db_;
  const SamplePage& page_;
  const PageStart& start_;
  std::vector<StoredProcessorSample> found_;
};

}  // namespace

absl::Status NameRows(Connection& db, const std::string& host, WallTime minute,
                      const std::vector<std::uint64_t>& rows) {
  LB_ASSIGN_OR_RETURN(
      Statement insert,
      db.Prepare("INSERT INTO processor_sample_rows VALUES (?, ?, ?, ?) "
                 "ON CONFLICT (host, time_ns) DO UPDATE SET "
                 "last_row = excluded.last_row, sample_rows = "
                 "rtrim(sample_rows, ']') || ',' || "
                 "ltrim(excluded.sample_rows, '[')"));
  return insert.Bind(host)
      .Bind(ToNs(minute))
      .Bind(rows.back())
      .Bind(RowArray(rows))
      .Run();
}

absl::StatusOr<RowsByMinute> FindRowsAfter(Connection& db, std::uint64_t after,
                                           const std::string& host) {
  LB_ASSIGN_OR_RETURN(Statement select,
                      db.Prepare("SELECT rowid, time_ns FROM processor_samples "
                                 "WHERE rowid > ? AND host = ?"));
  select.Bind(after).Bind(host);
  RowsByMinute found;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return found;
    const std::uint64_t number = select.Unsigned();
    const WallTime time = FromNs(select.Int());
    found[StartOf(RollUpPeriod::kMinute, time)].push_back(number);
  }
}

absl::StatusOr<std::vector<StoredProcessorSample>> ReadReports(
    Connection& db, const SamplePage& page, const RowsByMinute& unnamed) {
  LB_ASSIGN_OR_RETURN(const PageStart start,
                      StartOfPage(db, "processor_samples", page));
  const WallTime first = StartOf(RollUpPeriod::kMinute, FromNs(start.from_ns));
  LB_ASSIGN_OR_RETURN(
      Statement minutes,
      db.Prepare("SELECT time_ns, iif(json_valid(sample_rows), sample_rows, "
                 "NULL) FROM processor_sample_rows "
                 "WHERE host = ? AND time_ns >= ? AND time_ns < ? "
                 "ORDER BY time_ns"));
  minutes.Bind(page.host).Bind(ToNs(first)).Bind(ToNs(page.to));
  PageReader reader(db, page, start);
  auto other = unnamed.lower_bound(first);
  const auto end = unnamed.lower_bound(page.to);
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, minutes.Step());
    const WallTime minute = row ? FromNs(minutes.Int()) : WallTime::max();
    for (; other != end && other->first < minute; ++other) {
      LB_RETURN_IF_ERROR(
          reader.ReadMinute(other->first, RowArray(other->second), kNoRows));
    }
    if (!row || reader.full()) return std::move(reader).Take();
    if (minutes.NextIsNull()) {
      return absl::DataLossError(
          absl::StrCat("the minute ", FormatWallTime(minute), " of ", page.host,
                       " is damaged in processor_sample_rows"));
    }
    const bool both = other != end && other->first == minute;
    LB_RETURN_IF_ERROR(reader.ReadMinute(
        minute, minutes.Text(), both ? RowArray(other->second) : kNoRows));
    if (both) ++other;
  }
}

absl::StatusOr<std::vector<StoredProcessorSample>> ReadReportsBetween(
    Connection& db, std::uint64_t after, std::uint64_t before,
    std::size_t limit) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT rowid, host, time_ns, interval_ns, processors "
                 "FROM processor_samples WHERE rowid > ? AND rowid < ? "
                 "ORDER BY rowid LIMIT ?"));
  select.Bind(after).Bind(before).Bind(limit);
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

}  // namespace lb::controller
