#include "sim/processor.h"

#include <algorithm>

#include "sim/scenario.h"

namespace lb::sim {
namespace {

// As dataplane/engine/capacity_meter.h measures.
constexpr std::int64_t kLeastBusyNs = 1'000'000;
constexpr std::int64_t kWholePermille = 850;
constexpr std::int64_t kRisePermille = 10;  // a second

}  // namespace

void Processor::SetSpeed(std::uint32_t permille, std::int64_t now_ns) {
  AdvanceTo(now_ns);
  if (Busy()) AccountBusy(now_ns);
  if (done_ns_ != kNever) {
    done_ns_ = now_ns + (done_ns_ - now_ns) * speed_permille_ / permille;
  }
  speed_permille_ = permille;
}

void Processor::Stop(std::int64_t now_ns) {
  AdvanceTo(now_ns);
  if (Busy()) AccountBusy(now_ns);
  stopped_ = true;
  done_ns_ = kNever;
}

void Processor::GiveUp(std::span<const BucketId> buckets) {
  for (const BucketId bucket : buckets) {
    dataplane::PacketList taken;
    const std::span<const ConnectionIndex> connections =
        state_.connections.OfBucket(bucket);
    queue_->Release(bucket, connections, taken);
    for (const ConnectionIndex connection : connections) {
      taken.Append(state_.packets.links(),
                   state_.connections.records()[connection].queue);
    }
    while (!taken.empty()) {
      state_.Drop(taken.Pop(state_.packets.links()), DropReason::kTakeover);
    }
    state_.connections.Renew(bucket);
  }
  if (current_ != kNoPacket) state_.Drop(current_, DropReason::kTakeover);
  current_ = kNoPacket;
}

void Processor::Restart(std::int64_t now_ns) {
  if (!stopped_) return;
  stopped_ = false;
  busy_since_ns_ = now_ns;
  if (current_ == kNoPacket) {
    Begin(now_ns);
  } else {  // back before it was given up
    const std::int64_t service_ns = state_.packets.info(current_).service_ns;
    done_ns_ = now_ns + service_ns * 1'000 / speed_permille_;
  }
}

void Processor::Release(BucketId bucket, dataplane::PacketList& taken,
                        std::int64_t now_ns) {
  AdvanceTo(now_ns);
  queue_->Release(bucket, state_.connections.OfBucket(bucket), taken);
}

std::int64_t Processor::GoneBy(BucketId bucket, std::int64_t now_ns) {
  AdvanceTo(now_ns);
  if (current_ == kNoPacket) return now_ns;
  const ConnectionIndex served = state_.packets.info(current_).connection;
  if (state_.connections[served].bucket != bucket) return now_ns;
  if (!stopped_) return done_ns_;
  state_.Drop(current_, DropReason::kTakeover);
  current_ = kNoPacket;
  return now_ns;
}

void Processor::Adopt(BucketId bucket, dataplane::PacketList& taken,
                      std::int64_t now_ns) {
  AdvanceTo(now_ns);
  queue_->Adopt(state_.connections.OfBucket(bucket), taken);
  if (Idle()) Begin(now_ns);
}

ProcessorLoad Processor::Report(std::int64_t now_ns) {
  AdvanceTo(now_ns);
  if (Busy()) AccountBusy(now_ns);
  ProcessorLoad load;
  load.samples = sampler_.Finish(now_ns);
  load.busy = std::chrono::nanoseconds(sampler_.cpu_ns());
  load.capacity_permille = MeasureCapacity(now_ns - interval_start_ns_);
  load.packets = served_;
  load.backlog_packets = backlog();
  interval_start_ns_ = now_ns;
  served_ = 0;
  sampler_ = BusySampler(now_ns);
  return load;
}

void Processor::Begin(std::int64_t now_ns) {
  busy_since_ns_ = now_ns;
  ServeNext(now_ns);
}

void Processor::Complete() {
  const std::int64_t now_ns = done_ns_;
  state_.Serve(current_, now_ns);
  ++served_;
  ServeNext(now_ns);
}

void Processor::ServeNext(std::int64_t now_ns) {
  current_ = queue_->Next();
  if (current_ == kNoPacket) {
    done_ns_ = kNever;
    AccountBusy(now_ns);
    return;
  }
  const PacketInfo& info = state_.packets.info(current_);
  std::int64_t service_ns = info.service_ns;
  if (noise_) service_ns = noise_->Scale(now_ns, service_ns);
  const BucketId bucket = state_.connections[info.connection].bucket;
  BucketTally& tally = state_.buckets[bucket.index()];
  ++tally.served;
  tally.service_ns += static_cast<std::uint64_t>(service_ns);
  done_ns_ = now_ns + (speed_permille_ == 1'000
                           ? service_ns
                           : service_ns * 1'000 / speed_permille_);
}

void Processor::AccountBusy(std::int64_t now_ns) {
  sampler_.AddBusy(busy_since_ns_, now_ns, speed_permille_);
  busy_since_ns_ = now_ns;
}

std::uint32_t Processor::MeasureCapacity(std::int64_t elapsed_ns) {
  const std::int64_t busy_ns = sampler_.wall_ns();
  if (busy_ns < kLeastBusyNs) return capacity_permille_;
  const bool saturated = busy_ns >= elapsed_ns;
  std::int64_t measured = sampler_.cpu_ns() * 1'000 / busy_ns;
  if (measured >= kWholePermille && !saturated) measured = 1'000;
  const std::int64_t rise =
      std::max(kRisePermille * elapsed_ns / kSecondNs, std::int64_t{1});
  capacity_permille_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(
      std::min(measured, capacity_permille_ + rise), 1, 1'000));
  return capacity_permille_;
}

}  // namespace lb::sim
