// The control thread's side of moving buckets; see "Moving a bucket from A to
// B" in the design. The processors' side is processor_moves.cc.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/user_space_engine.h"

namespace lb::dataplane {

absl::StatusOr<ApplyResult> UserSpaceEngine::Apply(const Table& next) {
  LB_RETURN_IF_ERROR(ValidateTable(next, layout_));
  Readmit();
  if (moves_ != nullptr && !moves_->all_done()) {
    return absl::FailedPreconditionError(
        "moves of the last plan are still under way; apply the next one when "
        "the sources and processors they wait for go on");
  }
  moves_ = nullptr;
  const Counters before = SumCounters();
  std::vector<Move> moves = DeriveMoves(table(), next);
  if (moves.empty()) return ResultOf(before);
  LB_RETURN_IF_ERROR(CheckReceivers(moves));

  std::set<ProcessorId> donors;
  std::set<ProcessorId> receivers;
  for (const Move& move : moves) {
    donors.insert(move.from);
    receivers.insert(move.to);
  }
  const auto batch =
      std::make_shared<MoveBatch>(std::move(moves), receivers.size(), control_);
  for (ProcessorId p : receivers) {
    shared_.processors[p.index()]->Post(ExpectBuckets{batch});
  }
  LB_RETURN_IF_ERROR(PrepareReceivers(batch));
  moves_ = batch;
  moves_->MarkChange(CycleClock::Get().NowNs());
  const std::uint64_t version = ChangeTable(next);
  for (ProcessorId p : donors) {
    shared_.processors[p.index()]->Post(ReleaseBuckets{moves_, version});
  }
  const MonotonicTime deadline = SystemClock().Monotonic() + kApplyLimit;
  while (!WaitFor(control_, kLookInterval, [this] {
    return moves_->all_done();
  }) && SystemClock().Monotonic() < deadline) {
    TakeOver(FindStalled(/*moving=*/true));
  }
  return ResultOf(before);
}

absl::Status UserSpaceEngine::CheckReceivers(
    const std::vector<Move>& moves) const {
  for (const Move& move : moves) {
    if (!IsOut(move.to)) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "processor ", move.to.value(),
        " is stalled and out of service; give it buckets when it is back"));
  }
  return absl::OkStatus();
}

// Until every receiver holds what arrives for its incoming buckets. Nothing has
// changed yet, so a plan can still be given up as a whole.
absl::Status UserSpaceEngine::PrepareReceivers(
    const std::shared_ptr<MoveBatch>& batch) {
  const MonotonicTime deadline = SystemClock().Monotonic() + kApplyLimit;
  while (!WaitFor(control_, kLookInterval,
                  [&] { return batch->all_expected(); })) {
    if (TakeOver(FindStalled(/*moving=*/true))) {
      return absl::AbortedError(absl::StrCat(
          "processor ", takeovers_.back().processor.value(),
          " stalled and was taken over before any bucket was moved; plan anew "
          "from the table in force"));
    }
    if (SystemClock().Monotonic() >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("a processor did not answer within ",
                       kApplyLimit.count(), " s; no bucket was moved"));
    }
  }
  return absl::OkStatus();
}

// Returns the new version.
std::uint64_t UserSpaceEngine::ChangeTable(const Table& next) {
  const std::uint64_t version = published_.Publish(next.owner);
  const std::lock_guard lock(table_mutex_);
  table_ = next;
  return version;
}

// Also starts a new interval: what was measured while buckets were under way
// belongs to no table and is discarded.
ApplyResult UserSpaceEngine::ResultOf(const Counters& before) {
  CollectSamples();
  interval_start_ = SystemClock().Monotonic();
  const Table in_force = table();
  interval_table_ = ComputeDigest(in_force);
  ApplyResult result;
  result.table = interval_table_;
  result.counters = Difference(SumCounters(), before);
  if (moves_ == nullptr) return result;
  for (std::size_t i = 0; i < moves_->moves().size(); ++i) {
    result.moves.push_back(ResultOf(i, in_force));
  }
  if (moves_->all_done()) moves_ = nullptr;
  return result;
}

MoveResult UserSpaceEngine::ResultOf(std::size_t move,
                                     const Table& in_force) const {
  MoveResult result{moves_->moves()[move], MoveOutcome::kNotMoved, {}};
  // Back with its old owner, as its new one hangs.
  const bool returned =
      in_force.owner[result.move.bucket.index()] == result.move.from;
  if (!moves_->done(move) || (moves_->taken_over(move) && returned)) {
    return result;
  }
  result.outcome =
      moves_->taken_over(move) ? MoveOutcome::kTakenOver : MoveOutcome::kMoved;
  result.pause = std::chrono::nanoseconds(moves_->pause_ns(move));
  return result;
}

}  // namespace lb::dataplane
