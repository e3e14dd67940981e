// A data plane without packets: it holds a table, and samples say what a test
// wrote into it. One thread, but where a method says more.
#ifndef LB_TESTS_SUPPORT_FAKE_DATAPLANE_H_
#define LB_TESTS_SUPPORT_FAKE_DATAPLANE_H_

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/plan.h"
#include "common/table.h"
#include "dataplane/dataplane.h"

namespace lb {

class FakeDataplane final : public dataplane::Dataplane {
 public:
  FakeDataplane(Layout layout, Table table, const Clock& clock)
      : layout_(std::move(layout)), table_(std::move(table)), clock_(clock) {
    next.processors.resize(layout_.processors.size());
    next.dispatchers.resize(1);
    start_ = clock.Monotonic();
    digest_start_ = ComputeDigest(table_);
  }

  const Layout& layout() const override { return layout_; }
  Table table() const override { return table_; }

  // `next` with the interval's times and digests; takeovers are told once.
  LoadSample Sample() override {
    ++samples;
    LoadSample sample = next;
    next.takeovers.clear();
    const MonotonicTime now = clock_.Monotonic();
    sample.start = start_.time_since_epoch();
    sample.end = now.time_since_epoch();
    sample.table_start = digest_start_;
    sample.table_end = ComputeDigest(table_);
    start_ = now;
    digest_start_ = sample.table_end;
    return sample;
  }

  bool TakeOverStalled() override {
    if (on_look) on_look();
    return std::exchange(stalled_, false);
  }

  absl::StatusOr<ApplyResult> Apply(const Table& to) override {
    ++applies;
    if (on_apply) on_apply();
    if (!apply_error.ok()) return apply_error;
    ApplyResult result;
    for (const Move& move : DeriveMoves(table_, to)) {
      result.moves.push_back({move, outcome, pause});
      if (outcome != MoveOutcome::kNotMoved) {
        table_.owner[move.bucket.index()] = move.to;
      }
    }
    if (after_moves) after_moves();
    result.table = ComputeDigest(table_);
    return result;
  }

  void SetFairQueue(const FairQueueLimits& limits) override {
    fair_queues.push_back(limits);
  }

  void SetDrained(std::span<const ProcessorId> processors) override {
    drained.assign(processors.begin(), processors.end());
  }

  // Any thread, these two.
  absl::StatusOr<FlowTrace> Trace(const FlowKey& key) override {
    return on_trace(key);
  }
  absl::StatusOr<std::vector<FlowInfo>> Heaviest(BucketId bucket,
                                                 std::size_t count) override {
    return on_heaviest(bucket, count);
  }

  // What a takeover does: the table changes without a plan.
  void TakeOver(const Takeover& takeover, ProcessorId heir) {
    std::replace(table_.owner.begin(), table_.owner.end(), takeover.processor,
                 heir);
    next.processors[takeover.processor.index()].stalled = true;
    next.processors[takeover.processor.index()].in_service = false;
    next.takeovers.push_back(takeover);
    stalled_ = true;
  }

  LoadSample next;
  absl::Status apply_error;
  MoveOutcome outcome = MoveOutcome::kMoved;
  std::chrono::nanoseconds pause{1'000};
  std::function<void()> on_look;  // for stalls
  std::function<void()> on_apply;
  std::function<void()> after_moves;
  std::function<absl::StatusOr<FlowTrace>(const FlowKey&)> on_trace;
  std::function<absl::StatusOr<std::vector<FlowInfo>>(BucketId, std::size_t)>
      on_heaviest;
  std::vector<FairQueueLimits> fair_queues;  // as they were set
  std::vector<ProcessorId> drained;          // as set last
  int samples = 0;
  int applies = 0;

 private:
  const Layout layout_;
  Table table_;
  const Clock& clock_;
  MonotonicTime start_;
  Digest digest_start_;
  bool stalled_ = false;  // the table has changed, and nobody looked yet
};

}  // namespace lb

#endif  // LB_TESTS_SUPPORT_FAKE_DATAPLANE_H_
