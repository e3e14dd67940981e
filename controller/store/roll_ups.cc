#include "controller/store/roll_ups.h"

#include <chrono>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/status.h"
#include "controller/store/roll_up_rows.h"

namespace lb::controller {

absl::Status RollUps::Add(Connection& db, std::span<const std::uint64_t> rows,
                          std::span<const Sample> samples) {
  if (behind_) return CatchUp(db);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (const auto* report = std::get_if<ProcessorSample>(&samples[i])) {
      LB_RETURN_IF_ERROR(AddReport(db, rows[i], *report));
    }
  }
  return absl::OkStatus();
}

absl::Status RollUps::CatchUp(Connection& db) {
  constexpr std::uint32_t kAtOnce = 1'024;
  if (!last_row_) {
    LB_ASSIGN_OR_RETURN(const std::int64_t row,
                        db.QueryInt("SELECT rolled_up_row FROM identity"));
    last_row_ = static_cast<std::uint64_t>(row);
  }
  LB_ASSIGN_OR_RETURN(const auto missed,
                      ReadProcessorSamplesAfter(db, *last_row_, kAtOnce));
  for (const StoredProcessorSample& stored : missed) {
    LB_RETURN_IF_ERROR(AddReport(db, stored.row, stored.sample));
  }
  behind_ = missed.size() == kAtOnce;
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
  LoadRollUp& sum = open_[minute][report.host];
  if (sum.reports == 0) {
    sum.host = report.host;
    sum.time = minute;
  }
  controller::AddReport(report, sum);
  last_row_ = row;
  return absl::OkStatus();
}

absl::Status RollUps::Write(Connection& db) {
  if (open_.empty()) return absl::OkStatus();
  for (auto& [minute, sums] : open_) {
    for (auto& [host, sum] : sums) {
      LB_RETURN_IF_ERROR(AddToRollUp(db, RollUpPeriod::kMinute, sum));
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
