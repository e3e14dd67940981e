#include "dataplane/engine/output_thread.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/thread_name.h"
#include "dataplane/engine/store_load_fence.h"

namespace lb::dataplane {
namespace {

// One writer: no locked instruction.
void Add(std::atomic<std::uint64_t>& counter, std::uint64_t by) {
  counter.store(counter.load(std::memory_order_relaxed) + by,
                std::memory_order_relaxed);
}

}  // namespace

OutputThread::OutputThread(Wiring wiring,
                           std::vector<std::unique_ptr<PacketSink>> sinks)
    : wiring_(std::move(wiring)),
      sinks_(std::move(sinks)),
      packets_(wiring_.pool.packets().data()) {}

void OutputThread::Start() {
  thread_ = std::thread([this] { Run(); });
}

void OutputThread::RequestStop() {
  stop_.store(true, std::memory_order_seq_cst);
  waiter_.Notify();
}

void OutputThread::Join() {
  if (thread_.joinable()) thread_.join();
}

bool OutputThread::Drained() const {
  return !AnythingToSend() && drained_.load(std::memory_order_seq_cst);
}

Counters OutputThread::counters() const {
  Counters counters;
  counters.sent = sent_.load(std::memory_order_relaxed);
  counters.not_sent(UnsentReason::kTakeover) =
      fenced_.load(std::memory_order_relaxed);
  counters.not_sent(UnsentReason::kSink) =
      refused_.load(std::memory_order_relaxed);
  return counters;
}

absl::Status OutputThread::status() const {
  for (const auto& sink : sinks_) {
    if (sink == nullptr) continue;
    if (absl::Status status = sink->status(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void OutputThread::Run() {
  NameThread("output");
  while (true) {
    const bool stopping = stop_.load(std::memory_order_seq_cst);
    if (SendAll()) continue;
    for (const auto& sink : sinks_) {
      if (sink != nullptr) sink->Flush();
    }
    if (stopping) return;
    Sleep();
  }
}

// Everything published by now. False if there was nothing.
bool OutputThread::SendAll() {
  bool any = false;
  for (std::size_t p = 0; p < wiring_.rings.size(); ++p) {
    const std::uint64_t position = wiring_.rings[p]->tail();
    if (wiring_.rings[p]->head() >= position) continue;
    SendUpTo(p, position);
    any = true;
  }
  if (any) GiveBack();
  return any;
}

// Each processor is on the stack at most once: what a mark asks for happened
// before the mark, so none of it waits for the mark's own ring.
void OutputThread::SendUpTo(std::size_t processor, std::uint64_t position) {
  OutputRing& ring = *wiring_.rings[processor];
  OutputEntry entry;
  while (ring.head() < position && ring.Pop(entry)) {
    if (entry.packet == kNoPacket) {
      SendUpTo(entry.processor, entry.stamp);
    } else {
      Take(processor, entry);
    }
  }
}

// The generation is looked at here, by the one thread that sends: a packet that
// passes is sent before anything that a new owner sends.
void OutputThread::Take(std::size_t processor, const OutputEntry& entry) {
  const Packet& packet = packets_[entry.packet];
  PacketSink* const sink = SinkOf(packet);
  const bool fenced = entry.stamp != wiring_.generation(processor);
  if (fenced || sink == nullptr) {
    Add(fenced ? fenced_ : refused_, 1);
    wiring_.pool.Return(wiring_.returner, entry.packet);
    return;
  }
  if (batch_size_ == kBatch || sink != sink_) SendBatch();
  sink_ = sink;
  batch_[batch_size_++] = &packet;
}

PacketSink* OutputThread::SinkOf(const Packet& packet) const {
  if (sinks_.empty()) return nullptr;
  return sinks_[sinks_.size() == 1 ? 0 : packet.dispatcher].get();
}

void OutputThread::SendBatch() {
  if (batch_size_ == 0) return;
  const std::size_t sent = sink_->Send({batch_.data(), batch_size_});
  Add(sent_, sent);
  Add(refused_, batch_size_ - sent);
  for (const Packet* packet : std::span(batch_).first(batch_size_)) {
    wiring_.pool.Return(wiring_.returner,
                        static_cast<PacketIndex>(packet - packets_));
  }
  batch_size_ = 0;
}

void OutputThread::GiveBack() {
  SendBatch();
  wiring_.pool.Flush(wiring_.returner);
  StoreLoadFence();
  wiring_.on_returned();
  for (const auto& ring : wiring_.rings) ring->NotifyRoom();
}

void OutputThread::Sleep() {
  waiter_.Prepare();
  if (AnythingToSend() || stop_.load(std::memory_order_seq_cst)) {
    waiter_.Cancel();
    return;
  }
  drained_.store(true, std::memory_order_seq_cst);
  wiring_.on_idle.Notify();
  waiter_.Sleep(std::nullopt);
  drained_.store(false, std::memory_order_seq_cst);
}

bool OutputThread::AnythingToSend() const {
  return std::any_of(wiring_.rings.begin(), wiring_.rings.end(),
                     [](const auto& ring) { return !ring->EmptyForSleep(); });
}

}  // namespace lb::dataplane
