// From the handler to the output thread.
#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/output_thread.h"
#include "dataplane/engine/processor.h"
#include "dataplane/engine/store_load_fence.h"

namespace lb::dataplane {

// Packets of a source that can wait are left in the queue while the output ring
// is full; none is thrown away for want of room.
bool Processor::OutputHasRoom() {
  output_blocked_ = !output_.HasRoom();
  return !output_blocked_;
}

void Processor::SendOn(PacketIndex packet) {
  UnsentReason reason = UnsentReason::kOutputFull;
  if (packets_[packet].cut()) {
    reason = UnsentReason::kCut;
  } else if (shared_.output == nullptr) {
    reason = UnsentReason::kSink;
  } else if (output_.Push(packet, ledger_.joined())) {
    return;
  }
  ++counters_.unsent[static_cast<std::size_t>(reason)];
  shared_.packets.Return(index_, packet);
}

void Processor::PublishOutput() {
  if (!output_.Publish()) return;
  StoreLoadFence();
  shared_.output->waiter().Notify();
}

void Processor::WaitForOutput() {
  const std::int64_t start_ns = CycleClock::Get().NowNs();
  output_.WaitForRoom();
  output_blocked_ = false;  // or the next batch tells otherwise
  sleep_ns_ += CycleClock::Get().NowNs() - start_ns;
}

}  // namespace lb::dataplane
