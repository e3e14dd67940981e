// A data plane without packets: it holds a table, and samples say what a test
// wrote into it. One thread.
#ifndef LB_TESTS_SUPPORT_FAKE_DATAPLANE_H_
#define LB_TESTS_SUPPORT_FAKE_DATAPLANE_H_

#include <functional>
#include <optional>
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

  // `next` with the interval's times and digests.
  LoadSample Sample() override {
    ++samples;
    LoadSample sample = next;
    const MonotonicTime now = clock_.Monotonic();
    sample.start = start_.time_since_epoch();
    sample.end = now.time_since_epoch();
    sample.table_start = digest_start_;
    sample.table_end = ComputeDigest(table_);
    start_ = now;
    digest_start_ = sample.table_end;
    return sample;
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
    result.table = ComputeDigest(table_);
    return result;
  }

  // What a takeover does: the table changes without a plan.
  void SetOwner(BucketId bucket, ProcessorId owner) {
    table_.owner[bucket.index()] = owner;
  }

  LoadSample next;
  absl::Status apply_error;
  MoveOutcome outcome = MoveOutcome::kMoved;
  std::chrono::nanoseconds pause{1'000};
  std::function<void()> on_apply;
  int samples = 0;
  int applies = 0;

 private:
  const Layout layout_;
  Table table_;
  const Clock& clock_;
  MonotonicTime start_;
  Digest digest_start_;
};

}  // namespace lb

#endif  // LB_TESTS_SUPPORT_FAKE_DATAPLANE_H_
