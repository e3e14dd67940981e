#include "controller/store/roll_ups.h"

#include <chrono>
#include <limits>
#include <variant>

#include "common/status.h"
#include "controller/store/roll_up_rows.h"

namespace lb::controller {
namespace {

// Reports read again at once.
constexpr std::size_t kPiece = 1'024;
// After every row.
constexpr std::uint64_t kNoRow = std::numeric_limits<std::int64_t>::max();

}  // namespace

absl::Status RollUps::Add(Connection& db, std::span<const std::uint64_t> rows,
                          std::span<const Sample> samples) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto* report = std::get_if<ProcessorSample>(&samples[i]);
    if (report == nullptr) continue;
    if (behind_) {
      // More than come, so that it is not left behind for ever.
      LB_RETURN_IF_ERROR(CatchUp(db, rows[i], samples.size()));
      if (behind_) return absl::OkStatus();
    }
    LB_RETURN_IF_ERROR(AddReport(db, rows[i], *report));
  }
  return absl::OkStatus();
}

absl::StatusOr<RowsByMinute> RollUps::UnnamedRows(Connection& db,
                                                  const std::string& host) {
  LB_RETURN_IF_ERROR(FindLastRow(db, kNoRow));
  RowsByMinute rows;
  if (behind_) {
    LB_ASSIGN_OR_RETURN(rows, FindRowsAfter(db, *last_row_, host));
  }
  for (const auto& [minute, hosts] : open_) {
    const auto open = hosts.find(host);
    if (open == hosts.end()) continue;
    auto& all = rows[minute];
    all.insert(all.end(), open->second.rows.begin(), open->second.rows.end());
  }
  return rows;
}

absl::Status RollUps::FindLastRow(Connection& db, std::uint64_t before) {
  if (last_row_) return absl::OkStatus();
  // After the last report went, rows count from 1 again.
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT iif(rolled_up_row <= (SELECT max(rowid) FROM "
                 "processor_samples WHERE rowid < ?), rolled_up_row, 0) "
                 "FROM identity"));
  LB_ASSIGN_OR_RETURN(const bool found, select.Bind(before).Step());
  last_row_ = found ? select.Unsigned() : 0;
  return absl::OkStatus();
}

absl::Status RollUps::CatchUp(Connection& db, std::uint64_t before,
                              std::size_t reports) {
  LB_RETURN_IF_ERROR(FindLastRow(db, before));
  for (std::size_t added = 0; behind_ && added <= reports;) {
    LB_ASSIGN_OR_RETURN(const auto missed,
                        ReadReportsBetween(db, *last_row_, before, kPiece));
    for (const StoredProcessorSample& stored : missed) {
      LB_RETURN_IF_ERROR(AddReport(db, stored.row, stored.sample));
    }
    behind_ = missed.size() == kPiece;
    added += missed.size();
  }
  return absl::OkStatus();
}

absl::Status RollUps::AddReport(Connection& db, std::uint64_t row,
                                const ProcessorSample& report) {
  const WallTime minute = StartOf(RollUpPeriod::kMinute, report.time);
  // Of many hosts, some are a little late at the turn of every minute.
  const bool late = minute == minute_ - std::chrono::minutes(1);
  if (minute != minute_ && !late) {
    LB_RETURN_IF_ERROR(Write(db));
    minute_ = minute;
  }
  auto& [sum, rows] = open_[minute][report.host];
  if (sum.reports == 0) {
    sum.host = report.host;
    sum.time = minute;
  }
  controller::AddReport(report, sum);
  rows.push_back(row);
  last_row_ = row;
  return absl::OkStatus();
}

absl::Status RollUps::Write(Connection& db) {
  if (open_.empty()) return absl::OkStatus();
  for (auto& [minute, hosts] : open_) {
    for (auto& [host, open] : hosts) {
      auto& [sum, rows] = open;
      LB_RETURN_IF_ERROR(AddToRollUp(db, RollUpPeriod::kMinute, sum));
      LB_RETURN_IF_ERROR(NameRows(db, host, minute, rows));
      sum.time = StartOf(RollUpPeriod::kHour, minute);
      LB_RETURN_IF_ERROR(AddToRollUp(db, RollUpPeriod::kHour, sum));
    }
  }
  open_.clear();
  LB_ASSIGN_OR_RETURN(Statement update,
                      db.Prepare("UPDATE identity SET rolled_up_row = ?"));
  return update.Bind(*last_row_).Run();
}

}  // namespace lb::controller
