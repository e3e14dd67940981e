// Sends what the processors' workers want sent.
#ifndef LB_DATAPLANE_ENGINE_OUTPUT_THREAD_H_
#define LB_DATAPLANE_ENGINE_OUTPUT_THREAD_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/counters.h"
#include "dataplane/core/packet_sink.h"
#include "dataplane/engine/output_ring.h"
#include "dataplane/engine/packet_pool.h"
#include "dataplane/engine/waiter.h"

namespace lb::dataplane {

// One thread for all processors, so that what a connection sends stays in order
// though its bucket moves: marks in the rings (see OutputRing) say what goes
// first. What was served in a generation of its processor that is over is
// thrown away.
class OutputThread {
 public:
  static constexpr std::size_t kBatch = 32;

  struct Wiring {
    PacketPool& pool;      // buffers go home through its last returner
    std::size_t returner;  // this thread's number there
    OutputRings& rings;
    // The generation a processor is in; may be called at any time.
    std::function<std::uint64_t(std::size_t)> generation;
    std::function<void()> on_returned;  // buffers went home
    Waiter& on_idle;                    // notified when nothing is left to send
  };

  // `sinks`: none, one for all, or one for each dispatcher, null where there
  // is nowhere to send to.
  OutputThread(Wiring wiring, std::vector<std::unique_ptr<PacketSink>> sinks);

  void Start();
  // Ends the thread once the rings are empty; nobody pushes any more. Join()
  // waits for it.
  void RequestStop();
  void Join();

  // Any thread. Its notifiers have published to a ring.
  Waiter& waiter() { return waiter_; }
  // Nothing waits to be sent. Only a momentary truth while workers run.
  bool Drained() const;
  // sent and unsent only; sums since the start.
  Counters counters() const;

  // The first error of a sink. While drained or after Join().
  absl::Status status() const;

 private:
  void Run();
  bool SendAll();
  void SendUpTo(std::size_t processor, std::uint64_t position);
  void Take(std::size_t processor, const OutputEntry& entry);
  PacketSink* SinkOf(const Packet& packet) const;
  void SendBatch();
  void GiveBack();
  void Sleep();
  bool AnythingToSend() const;

  Wiring wiring_;
  const std::vector<std::unique_ptr<PacketSink>> sinks_;
  Packet* const packets_;  // base of the pool

  std::thread thread_;
  Waiter waiter_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> drained_{false};

  // The thread's own: packets of one sink, in order.
  PacketSink* sink_ = nullptr;
  std::size_t batch_size_ = 0;
  std::array<const Packet*, kBatch> batch_{};

  // Written by the thread alone, read by any.
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> fenced_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_OUTPUT_THREAD_H_
