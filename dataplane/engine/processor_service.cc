// From the queues to the handler.
#include <algorithm>

#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/processor.h"
#include "dataplane/engine/thread_cpu.h"

namespace lb::dataplane {

// Turns until the batch's time is up, half of it at least where taking in took
// longer, and one in any case: a worker that was preempted on its way here must
// not take its queue for empty. Returns the packets served.
std::size_t Processor::Serve(std::int64_t batch_start_ns,
                             std::int64_t cpu_start_ns) {
  const CycleClock& clock = CycleClock::Get();
  std::size_t served = 0;
  now_ns_ = clock.NowNs();
  now_tick_ = TickOf(now_ns_);
  const std::int64_t end_ns =
      std::max(batch_start_ns + kBatchNs, now_ns_ + kBatchNs / 2);
  do {
    if (!MayServe()) break;
    const ConnectionIndex index = queue_.NextTurn();
    if (index == kNoConnection) break;
    Connection& connection = shared_.connections[index];
    const std::int64_t turn_start_ns = now_ns_;
    const std::int64_t budget_ns =
        std::min(queue_.TurnBudget(), end_ns - now_ns_);
    std::uint32_t packets = 0;
    do {
      ServePacket(index, queue_.Dequeue(index));
      ++packets;
      now_ns_ = clock.NowNs();
    } while (!connection.queue.empty() && now_ns_ - turn_start_ns < budget_ns &&
             MayServe());
    std::int64_t spent_ns = now_ns_ - turn_start_ns;
    if (spent_ns > kBatchNs) {
      // Long enough to have been preempted: believe the thread's CPU clock, or
      // an innocent connection pays for the time others ran.
      const std::int64_t before_ns = turn_start_ns - batch_start_ns;
      spent_ns = std::clamp(ThreadCpuNs() - cpu_start_ns - before_ns,
                            std::int64_t{0}, spent_ns);
    }
    queue_.EndTurn(index, spent_ns, packets);
    Bucket& bucket = *slots_[connection.hash & bucket_mask_].bucket;
    bucket.interval.served += packets;
    bucket.interval.service_ns += static_cast<std::uint64_t>(spent_ns);
    served += packets;
  } while (now_ns_ < end_ns);
  PublishOutput();
  return served;
}

void Processor::ServePacket(ConnectionIndex index, PacketIndex packet_index) {
  Connection& connection = shared_.connections[index];
  Packet& packet = packets_[packet_index];
  CheckOrder(connection, packet);
  const std::uint32_t bytes = packet.wire_bytes;  // as it came
  ++connection.packets;
  connection.bytes += bytes;
  connection.last_seen_ns = now_ns_;
  PacketContext context(now_ns_);
  const Verdict verdict = handler_->OnPacket(connection, packet, context);
  if (context.timer().has_value()) {
    SetTimer(index, *context.timer());
  } else if (!connection.own_timer) {
    TimingWheel::PushBack(connection, now_tick_ + idle_ticks_);
  }
  ++counters_.served;
  counters_.bytes += bytes;
  if (verdict == Verdict::kSend) {
    SendOn(packet_index);
  } else {
    shared_.packets.Return(index_, packet_index);
  }
}

// Sequence numbers of one dispatcher rise along a connection; they wrap, so
// their difference tells.
void Processor::CheckOrder(Connection& connection, const Packet& packet) {
  const std::size_t d = packet.dispatcher;
  const auto bit = static_cast<std::uint8_t>(1U << d);
  if ((connection.seen_dispatchers & bit) != 0) {
    const auto step = static_cast<std::int32_t>(packet.sequence -
                                                connection.last_sequence[d]);
    if (step == 0) ++counters_.duplicated;
    if (step < 0) ++counters_.reordered;
  }
  connection.seen_dispatchers |= bit;
  connection.last_sequence[d] = packet.sequence;
}

}  // namespace lb::dataplane
