// Engine with user-space workers: owns every thread and buffer, and is the
// control thread's side of samples and moves.
#ifndef LB_DATAPLANE_ENGINE_USER_SPACE_ENGINE_H_
#define LB_DATAPLANE_ENGINE_USER_SPACE_ENGINE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "common/clock.h"
#include "dataplane/core/connection_pool.h"
#include "dataplane/core/flow_hash.h"
#include "dataplane/engine/bucket_store.h"
#include "dataplane/engine/capacity_meter.h"
#include "dataplane/engine/engine.h"
#include "dataplane/engine/move_batch.h"
#include "dataplane/engine/output_thread.h"
#include "dataplane/engine/packet_pool.h"
#include "dataplane/engine/processor.h"
#include "dataplane/engine/processor_ledger.h"
#include "dataplane/engine/published_table.h"
#include "dataplane/engine/stall_watch.h"
#include "dataplane/engine/waiter.h"

namespace lb::dataplane {

class UserSpaceEngine final : public Engine {
 public:
  // A sample waits so much longer than a processor takes to stall.
  static constexpr std::chrono::milliseconds kSampleGrace{250};
  // Moves not done after so long, although nobody stalled, are reported as not
  // moved. They are not forgotten: until they are done, Apply() refuses.
  static constexpr std::chrono::seconds kApplyLimit{5};
  // While it waits, the control thread looks for stalls so often.
  static constexpr std::chrono::milliseconds kLookInterval{50};

  // `layout` and `table` are valid and fit each other and the options.
  UserSpaceEngine(EngineOptions options, Layout layout, const Table& table,
                  const FlowHash& hash,
                  std::unique_ptr<ConnectionPool> connections);
  ~UserSpaceEngine() override;

  const Layout& layout() const override { return layout_; }
  Table table() const override;
  LoadSample Sample() override;
  bool TakeOverStalled() override;
  absl::StatusOr<ApplyResult> Apply(const Table& next) override;
  void SetFairQueue(const FairQueueLimits& limits) override;
  void Start() override;
  absl::Status WaitUntilDone() override;
  void Stop() override;
  EngineSummary Summary() const override;

 private:
  void MakeProcessors(const EngineOptions& options, const Table& table);
  void MakeDispatchers(EngineOptions& options, const FlowHash& hash);
  void MakeOutput(std::vector<std::unique_ptr<PacketSink>> sinks);

  // user_space_sample.cc. A reply is null where the processor is out of
  // service.
  std::vector<std::shared_ptr<SampleReply>> CollectSamples();
  ProcessorLoad LoadOf(std::size_t processor, const SampleReply* reply);
  Counters SumCounters();
  void AddDispatcherDrops(LoadSample& sample);
  // Since this was last asked, of all dispatchers.
  Dispatcher::BucketDrops NewDrops(std::uint32_t bucket);

  // user_space_moves.cc
  absl::Status CheckReceivers(const std::vector<Move>& moves) const;
  absl::Status PrepareReceivers(const std::shared_ptr<MoveBatch>& batch);
  std::uint64_t ChangeTable(const Table& next);
  ApplyResult ResultOf(const Counters& before);
  MoveResult ResultOf(std::size_t move, const Table& in_force) const;
  // Sleeps on control_ until `done()`; false when `limit` has passed.
  bool WaitFor(std::chrono::nanoseconds limit,
               const std::function<bool()>& done);

  // user_space_takeover.cc
  // Buckets to own afresh, by the processor that is to.
  using Grants = std::vector<std::vector<BucketId>>;
  bool IsOut(ProcessorId p) const { return outages_[p.index()].has_value(); }
  // A processor's mail counts as its work while buckets move.
  std::vector<ProcessorId> FindStalled(bool moving);
  void Readmit();
  bool TakeOver(const std::vector<ProcessorId>& stalled);
  void SettleMoves(Table& next, Grants& grants);
  void Announce(const std::vector<ProcessorId>& stalled, const Table& before);
  std::uint64_t PacketsHeldBy(std::size_t processor) const;

  const Layout layout_;
  mutable std::mutex table_mutex_;
  Table table_;  // under table_mutex_

  PacketPool packets_;
  const std::unique_ptr<ConnectionPool> connections_;
  BucketStore buckets_;
  PublishedTable published_;
  Waiter control_;  // Sample() and Apply()
  Waiter idle_;     // WaitUntilDone()
  ProcessorShared shared_;
  std::atomic<bool> stop_{false};

  // Since a processor was fenced off.
  struct Outage {
    ProcessorLedger::Entry account;          // its last before
    std::shared_ptr<SampleReply> come_back;  // filled when it is back
  };

  // The control thread's.
  const std::chrono::microseconds stall_limit_;
  std::vector<StallWatch> watches_;             // by processor
  std::vector<std::optional<Outage>> outages_;  // by processor
  std::vector<Takeover> takeovers_;             // since the last sample
  std::vector<CapacityMeter> capacities_;
  std::vector<std::shared_ptr<SampleReply>> last_samples_;  // by processor
  std::vector<DispatcherLoad> dispatcher_marks_;
  std::vector<Dispatcher::BucketDrops> drop_marks_;  // by bucket
  MonotonicTime interval_start_;
  Digest interval_table_;
  std::shared_ptr<MoveBatch> moves_;  // under way; null: none
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_USER_SPACE_ENGINE_H_
