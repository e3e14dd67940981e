#include "controller/store/roll_up_rows.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/log.h"
#include "common/status.h"
#include "controller/store/row_codec.h"
#include "controller/store/sample_rows.h"

namespace lb::controller {
namespace {

using std::chrono::nanoseconds;

constexpr char kSums[] =
    "interval_ns, reports, busy_ns, capacity_ns, packets, "
    "max_utilization_permille";

std::string_view TableOf(RollUpPeriod period) {
  return period == RollUpPeriod::kMinute ? "processor_minutes"
                                         : "processor_hours";
}

// Of every processor what `number_of` it gives, such as "[1,20,3]".
template <class NumberOf>
std::string ArrayOf(const std::vector<ProcessorSum>& processors,
                    NumberOf number_of) {
  std::string text = "[";
  for (const ProcessorSum& processor : processors) {
    absl::StrAppend(&text, text.size() > 1 ? "," : "", number_of(processor));
  }
  text.push_back(']');
  return text;
}

// The other way; every array of a row is as long as its first.
template <class SetNumber>
absl::Status ReadArray(const std::string& text,
                       std::vector<ProcessorSum>& processors,
                       SetNumber set_number) {
  absl::Status damaged =
      absl::DataLossError(absl::StrCat("a roll-up has ", text));
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, "[") || !absl::ConsumeSuffix(&rest, "]")) {
    return damaged;
  }
  std::size_t i = 0;
  for (const absl::string_view word : absl::StrSplit(rest, ',')) {
    std::int64_t number = 0;
    if (rest.empty()) break;
    if (i == processors.size() || !absl::SimpleAtoi(word, &number)) {
      return damaged;
    }
    set_number(processors[i], number);
    ++i;
  }
  return i == processors.size() ? absl::OkStatus() : damaged;
}

// Of a row whose next columns are kSums.
absl::Status ReadSums(Statement& row, LoadRollUp& sum) {
  sum.interval = nanoseconds(row.Int());
  sum.reports = row.Unsigned();
  const std::string busy = row.Text();
  sum.processors.resize(busy == "[]" ? 0
                                     : 1 + static_cast<std::size_t>(std::count(
                                               busy.begin(), busy.end(), ',')));
  LB_RETURN_IF_ERROR(ReadArray(
      busy, sum.processors,
      [](ProcessorSum& p, std::int64_t n) { p.busy = nanoseconds(n); }));
  LB_RETURN_IF_ERROR(ReadArray(
      row.Text(), sum.processors,
      [](ProcessorSum& p, std::int64_t n) { p.capacity = nanoseconds(n); }));
  LB_RETURN_IF_ERROR(ReadArray(row.Text(), sum.processors,
                               [](ProcessorSum& p, std::int64_t n) {
                                 p.packets = static_cast<std::uint64_t>(n);
                               }));
  return ReadArray(row.Text(), sum.processors,
                   [](ProcessorSum& p, std::int64_t n) {
                     p.max_utilization_permille = static_cast<std::uint32_t>(n);
                   });
}

// What `part` comes to with the row there is.
absl::StatusOr<LoadRollUp> SumWithRow(Connection& db, RollUpPeriod period,
                                      const LoadRollUp& part) {
  LB_ASSIGN_OR_RETURN(Statement select,
                      db.Prepare(absl::StrCat(
                          "SELECT ", kSums, " FROM ", ToAbsl(TableOf(period)),
                          " WHERE host = ? AND time_ns = ?")));
  LB_ASSIGN_OR_RETURN(const bool found,
                      select.Bind(part.host).Bind(ToNs(part.time)).Step());
  if (!found) return part;
  LoadRollUp sum{.host = part.host, .time = part.time};
  if (const absl::Status read = ReadSums(select, sum); !read.ok()) {
    spdlog::warn("{} of {} at {} begins anew: {}", TableOf(period), part.host,
                 FormatWallTime(part.time), OneLine(read));
    return part;
  }
  AddRollUp(part, sum);
  return sum;
}

}  // namespace

absl::Status AddToRollUp(Connection& db, RollUpPeriod period,
                         const LoadRollUp& part) {
  LB_ASSIGN_OR_RETURN(const LoadRollUp sum, SumWithRow(db, period, part));
  LB_ASSIGN_OR_RETURN(
      Statement insert,
      db.Prepare(absl::StrCat(
          "INSERT INTO ", ToAbsl(TableOf(period)), " (host, time_ns, ", kSums,
          ") VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
          "ON CONFLICT (host, time_ns) DO UPDATE SET "
          "interval_ns = excluded.interval_ns, reports = excluded.reports, "
          "busy_ns = excluded.busy_ns, capacity_ns = excluded.capacity_ns, "
          "packets = excluded.packets, "
          "max_utilization_permille = excluded.max_utilization_permille")));
  const auto& processors = sum.processors;
  return insert.Bind(sum.host)
      .Bind(ToNs(sum.time))
      .Bind(std::int64_t{sum.interval.count()})
      .Bind(sum.reports)
      .Bind(ArrayOf(processors, [](const auto& p) { return p.busy.count(); }))
      .Bind(
          ArrayOf(processors, [](const auto& p) { return p.capacity.count(); }))
      .Bind(ArrayOf(processors, [](const auto& p) { return p.packets; }))
      .Bind(ArrayOf(processors,
                    [](const auto& p) { return p.max_utilization_permille; }))
      .Run();
}

absl::StatusOr<std::vector<StoredRollUp>> ReadRollUps(Connection& db,
                                                      RollUpPeriod period,
                                                      const SamplePage& page) {
  LB_ASSIGN_OR_RETURN(Statement select,
                      SelectPage(db, kSums, TableOf(period), page));
  std::vector<StoredRollUp> found;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return found;
    StoredRollUp& stored = found.emplace_back();
    stored.row = select.Unsigned();
    stored.roll_up.host = page.host;
    stored.roll_up.time = FromNs(select.Int());
    LB_RETURN_IF_ERROR(ReadSums(select, stored.roll_up));
  }
}

}  // namespace lb::controller
