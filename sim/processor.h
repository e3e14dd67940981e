// A simulated processor: one server behind a queue. It is behind the time of
// the simulation until somebody needs it: AdvanceTo() then does at once what
// was due in between, which no other processor can have influenced. So no
// event is kept per packet. One thread.
#ifndef LB_SIM_PROCESSOR_H_
#define LB_SIM_PROCESSOR_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>

#include "common/load.h"
#include "sim/busy_sampler.h"
#include "sim/host_state.h"
#include "sim/packet_queue.h"
#include "sim/speed_noise.h"

namespace lb::sim {

class Processor {
 public:
  // `state` outlives the processor.
  Processor(HostState& state, std::unique_ptr<PacketQueue> queue,
            std::optional<SpeedNoise> noise)
      : state_(state), queue_(std::move(queue)), noise_(std::move(noise)) {}

  // Times never decrease from call to call. Every method that takes one
  // advances to it.
  void AdvanceTo(std::int64_t now_ns) {
    while (done_ns_ <= now_ns) Complete();
  }

  void Arrive(PacketIndex packet, std::int64_t now_ns) {
    AdvanceTo(now_ns);
    const PacketIndex dropped = queue_->Enqueue(packet);
    if (dropped != kNoPacket) state_.Drop(dropped, DropReason::kQueueFull);
    if (Idle()) Begin(now_ns);
  }

  // The part of its CPU that it gets from now on; positive.
  void SetSpeed(std::uint32_t permille, std::int64_t now_ns);
  std::uint32_t speed_permille() const { return speed_permille_; }

  // Serves nothing until Restart(); what it was serving stays unfinished.
  void Stop(std::int64_t now_ns);
  // Drops all it holds; it is empty then and stays stopped.
  void GiveUp(std::span<const BucketId> buckets);
  void Restart(std::int64_t now_ns);
  bool stopped() const { return stopped_; }

  // The bucket leaves, but for a packet of it that is being served; it may not
  // arrive elsewhere before that is done, by GoneBy().
  void Release(BucketId bucket, dataplane::PacketList& taken,
               std::int64_t now_ns);
  // When nothing of a released bucket is left here, if all goes on as it does;
  // `now_ns` if nothing is. A stopped processor drops what it cannot finish.
  std::int64_t GoneBy(BucketId bucket, std::int64_t now_ns);
  void Adopt(BucketId bucket, dataplane::PacketList& taken,
             std::int64_t now_ns);

  // Packets that wait or are being served.
  std::uint32_t backlog() const {
    return queue_->packets() + (current_ == kNoPacket ? 0 : 1);
  }

  // Closes the interval. Service flags are the host's to set.
  ProcessorLoad Report(std::int64_t now_ns);

 private:
  static constexpr std::int64_t kNever =
      std::numeric_limits<std::int64_t>::max();

  bool Busy() const { return current_ != kNoPacket && !stopped_; }
  bool Idle() const { return current_ == kNoPacket && !stopped_; }
  // Starts to serve, if anything waits, after having been idle.
  void Begin(std::int64_t now_ns);
  void Complete();
  void ServeNext(std::int64_t now_ns);
  // It was busy from busy_since_ns_ until now.
  void AccountBusy(std::int64_t now_ns);
  std::uint32_t MeasureCapacity(std::int64_t elapsed_ns);

  HostState& state_;
  std::unique_ptr<PacketQueue> queue_;
  std::optional<SpeedNoise> noise_;

  PacketIndex current_ = kNoPacket;
  std::int64_t done_ns_ = kNever;   // when the current packet is
  std::int64_t busy_since_ns_ = 0;  // not in the sampler yet
  std::uint32_t speed_permille_ = 1'000;
  bool stopped_ = false;

  std::int64_t interval_start_ns_ = 0;
  std::uint64_t served_ = 0;
  BusySampler sampler_{0};
  std::uint32_t capacity_permille_ = 1'000;  // as measured
};

}  // namespace lb::sim

#endif  // LB_SIM_PROCESSOR_H_
