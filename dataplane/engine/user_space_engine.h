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
#include <vector>

#include "common/clock.h"
#include "dataplane/core/bucket.h"
#include "dataplane/core/connection_pool.h"
#include "dataplane/core/connection_table.h"
#include "dataplane/core/flow_hash.h"
#include "dataplane/engine/capacity_meter.h"
#include "dataplane/engine/engine.h"
#include "dataplane/engine/move_batch.h"
#include "dataplane/engine/output_thread.h"
#include "dataplane/engine/packet_pool.h"
#include "dataplane/engine/processor.h"
#include "dataplane/engine/published_table.h"
#include "dataplane/engine/waiter.h"

namespace lb::dataplane {

class UserSpaceEngine final : public Engine {
 public:
  // A processor that has not answered for so long counts as stalled.
  static constexpr std::chrono::milliseconds kSampleLimit{200};
  // Moves not done after so long are reported as not moved. They are not
  // forgotten: until they are done, Apply() refuses.
  static constexpr std::chrono::seconds kApplyLimit{5};

  // `layout` and `table` are valid and fit each other and the options.
  UserSpaceEngine(EngineOptions options, Layout layout, const Table& table,
                  const FlowHash& hash,
                  std::unique_ptr<ConnectionPool> connections);
  ~UserSpaceEngine() override;

  const Layout& layout() const override { return layout_; }
  Table table() const override;
  LoadSample Sample() override;
  absl::StatusOr<ApplyResult> Apply(const Table& next) override;
  void Start() override;
  absl::Status WaitUntilDone() override;
  void Stop() override;
  EngineSummary Summary() const override;

 private:
  void MakeProcessors(const EngineOptions& options, const Table& table);
  void MakeDispatchers(EngineOptions& options, const FlowHash& hash);
  void MakeOutput(std::vector<std::unique_ptr<PacketSink>> sinks);

  std::vector<std::shared_ptr<SampleReply>> CollectSamples();
  ProcessorLoad LoadOf(std::size_t processor, const SampleReply& reply);
  Counters SumCounters();
  void AddRingDrops(LoadSample& sample);

  ApplyResult ResultOf(const Counters& before);
  // Sleeps on control_ until `done()`; false when `limit` has passed.
  bool WaitFor(std::chrono::nanoseconds limit,
               const std::function<bool()>& done);

  const Layout layout_;
  mutable std::mutex table_mutex_;
  Table table_;  // under table_mutex_

  PacketPool packets_;
  const std::unique_ptr<ConnectionPool> connections_;
  ConnectionTable connection_table_;
  std::vector<Bucket> buckets_;
  PublishedTable published_;
  Waiter control_;  // Sample() and Apply()
  Waiter idle_;     // WaitUntilDone()
  ProcessorShared shared_;
  std::atomic<bool> stop_{false};

  // The control thread's.
  std::vector<CapacityMeter> capacities_;
  std::vector<std::shared_ptr<SampleReply>> last_samples_;  // by processor
  std::vector<DispatcherLoad> dispatcher_marks_;
  std::vector<std::uint64_t> ring_drop_marks_;  // by bucket
  MonotonicTime interval_start_;
  Digest interval_table_;
  std::shared_ptr<MoveBatch> moves_;  // under way; null: none
  std::uint64_t lost_ = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_USER_SPACE_ENGINE_H_
