// Feeds a Backtest from the store: in pages, so that memory is bounded, and in
// slices, so that the loop's thread is soon free again. On the loop's thread,
// callbacks too.
#ifndef LB_CONTROLLER_CORE_BACKTEST_RUN_H_
#define LB_CONTROLLER_CORE_BACKTEST_RUN_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "balance/policy.h"
#include "common/clock.h"
#include "common/table.h"
#include "controller/core/backtest.h"
#include "controller/core/event_loop.h"
#include "controller/core/store.h"

namespace lb::controller {

struct BacktestRequest {
  std::string host;
  WallTime from;  // this or later
  WallTime to;    // earlier
  balance::Policy policy;
};

// INVALID_ARGUMENT unless the policy is valid and the time begins before `now`
// and before it ends, within kLongest.
absl::Status ValidateBacktest(const BacktestRequest& request, WallTime now);

class BacktestRun : public std::enable_shared_from_this<BacktestRun> {
 public:
  static constexpr std::chrono::hours kLongest{31 * 24};
  static constexpr std::uint32_t kMostSamples = 1'000'000;
  static constexpr std::uint32_t kProcessorPage = 256;
  static constexpr std::uint32_t kBucketPage = 16;
  // After so long the rest waits for what else the loop has to do.
  static constexpr std::chrono::milliseconds kSlice{5};

  // Store, loop and clock outlive the run. The request is valid; `table` is
  // in force on the host now. The callback gets, besides the errors of Backtest
  // and Store, NOT_FOUND if nothing, or not enough, is kept of that time, and
  // RESOURCE_EXHAUSTED if there are more than kMostSamples.
  static void Start(Store& store, EventLoop& loop, const Clock& clock,
                    BacktestRequest request, const Layout& layout, Table table,
                    Store::Callback<BacktestResult> callback);

 private:
  // What is read of one kind of sample and not used yet.
  template <class T>
  struct Queue {
    std::deque<T> samples;
    std::uint64_t after = 0;
    bool all_read = false;
  };

  BacktestRun(Store& store, EventLoop& loop, const Clock& clock,
              BacktestRequest request, const Layout& layout, Table table,
              std::unique_ptr<const balance::Planner> planner,
              Store::Callback<BacktestResult> callback);

  // Goes on until something must be read, the slice is over or all is done.
  void Continue();
  void ReadProcessors();
  void ReadBuckets();
  // Whether every bucket sample up to `time` is taken in; else a page is asked
  // for, or the run has failed.
  bool TakeBuckets(WallTime time);
  void ReadTable(Epoch epoch);
  void OnPlan(Epoch epoch, absl::StatusOr<PlanRecord> plan);
  void UseTable(Epoch epoch, const Table& table,
                const std::vector<Move>& moves);
  void Finish();
  void Fail(absl::Status status);

  Store& store_;
  EventLoop& loop_;
  const Clock& clock_;
  const BacktestRequest request_;
  const Table present_;
  Backtest backtest_;
  Queue<ProcessorSample> processors_;
  Queue<BucketSample> buckets_;
  std::optional<Epoch> epoch_;  // whose table is in force
  std::uint32_t samples_ = 0;
  Store::Callback<BacktestResult> callback_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_BACKTEST_RUN_H_
