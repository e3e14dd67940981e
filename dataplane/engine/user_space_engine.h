// Engine with user-space workers: owns every thread and buffer, and is the
// control thread's side of samples and moves.
#ifndef LB_DATAPLANE_ENGINE_USER_SPACE_ENGINE_H_
#define LB_DATAPLANE_ENGINE_USER_SPACE_ENGINE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "common/clock.h"
#include "dataplane/core/connection_pool.h"
#include "dataplane/core/flow_hash.h"
#include "dataplane/engine/bucket_store.h"
#include "dataplane/engine/bucket_visit.h"
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
  // Trace() and Heaviest() give up after so long.
  static constexpr std::chrono::seconds kQueryLimit{10};
  // A walk through a bucket's connections takes its owner's time in slices:
  // half a batch, and what is left of the chain under way.
  static constexpr std::chrono::microseconds kSlice{50};
  // In between, so that it takes a fifth of the owner's time at most.
  static constexpr std::chrono::microseconds kSlicePause{200};

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
  void SetDrained(std::span<const ProcessorId> processors) override;
  absl::StatusOr<FlowTrace> Trace(const FlowKey& key) override;
  absl::StatusOr<std::vector<FlowInfo>> Heaviest(BucketId bucket,
                                                 std::size_t count) override;
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

  // user_space_flows.cc
  ProcessorId OwnerOf(BucketId bucket) const;
  // Has the bucket's owner call `look` between two batches. kNone if it has
  // not yet when the bucket has another owner: it may call it still.
  absl::StatusOr<VisitAnswer> Visit(ProcessorId owner, BucketId bucket,
                                    LookIntoBucket look,
                                    MonotonicTime deadline);
  bool Stopped() const { return stop_.load(std::memory_order_seq_cst); }

  const Layout layout_;
  const FlowHash hash_;
  mutable std::mutex table_mutex_;
  Table table_;  // under table_mutex_

  PacketPool packets_;
  const std::unique_ptr<ConnectionPool> connections_;
  BucketStore buckets_;
  PublishedTable published_;
  Waiter control_;  // Sample() and Apply()
  Waiter queries_;  // Trace() and Heaviest()
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
  std::vector<bool> drained_;                   // by processor
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
