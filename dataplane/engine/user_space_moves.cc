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
  if (moves_ != nullptr && !moves_->all_done()) {
    return absl::FailedPreconditionError(
        "moves of the last plan are still under way; apply the next one when "
        "the stalled processor has answered");
  }
  const Counters before = SumCounters();
  std::vector<Move> moves = DeriveMoves(table(), next);
  if (moves.empty()) return ResultOf(before);

  std::set<ProcessorId> donors;
  std::set<ProcessorId> receivers;
  for (const Move& move : moves) {
    donors.insert(move.from);
    receivers.insert(move.to);
  }
  moves_ =
      std::make_shared<MoveBatch>(std::move(moves), receivers.size(), control_);
  for (ProcessorId p : receivers) {
    shared_.processors[p.index()]->Post(ExpectBuckets{moves_});
  }
  if (!WaitFor(kApplyLimit, [this] { return moves_->all_expected(); })) {
    moves_ = nullptr;  // nothing has changed yet
    return absl::DeadlineExceededError(
        absl::StrCat("a processor did not answer within ", kApplyLimit.count(),
                     " s; no bucket was moved"));
  }
  moves_->MarkChange(CycleClock::Get().NowNs());
  const std::uint64_t version = published_.Publish(next.owner);
  {
    const std::lock_guard lock(table_mutex_);
    table_ = next;
  }
  for (ProcessorId p : donors) {
    shared_.processors[p.index()]->Post(ReleaseBuckets{moves_, version});
  }
  WaitFor(kApplyLimit, [this] { return moves_->all_done(); });
  return ResultOf(before);
}

// Also starts a new interval: what was measured while buckets were under way
// belongs to no table and is discarded.
ApplyResult UserSpaceEngine::ResultOf(const Counters& before) {
  CollectSamples();
  interval_start_ = SystemClock().Monotonic();
  interval_table_ = ComputeDigest(table());
  ApplyResult result;
  result.table = interval_table_;
  result.counters = Difference(SumCounters(), before);
  if (moves_ == nullptr) return result;
  for (std::size_t i = 0; i < moves_->moves().size(); ++i) {
    MoveResult move{moves_->moves()[i], MoveOutcome::kNotMoved, {}};
    if (moves_->done(i)) {
      move.outcome = MoveOutcome::kMoved;
      move.pause = std::chrono::nanoseconds(moves_->pause_ns(i));
    }
    result.moves.push_back(move);
  }
  if (moves_->all_done()) moves_ = nullptr;
  return result;
}

bool UserSpaceEngine::WaitFor(std::chrono::nanoseconds limit,
                              const std::function<bool()>& done) {
  const MonotonicTime deadline = SystemClock().Monotonic() + limit;
  while (true) {
    control_.Prepare();
    if (done()) {
      control_.Cancel();
      return true;
    }
    const auto left = deadline - SystemClock().Monotonic();
    if (left <= std::chrono::nanoseconds(0)) {
      control_.Cancel();
      return false;
    }
    control_.Sleep(left);
  }
}

}  // namespace lb::dataplane
