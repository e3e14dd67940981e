#include "dataplane/io/pcap_source.h"

#include <algorithm>
#include <utility>

#include "common/status.h"

namespace lb::dataplane {

absl::StatusOr<std::unique_ptr<PcapSource>> PcapSource::Open(
    const PcapOptions& options, Timing timing) {
  LB_ASSIGN_OR_RETURN(Capture capture, Capture::Load(options.file));
  return std::unique_ptr<PcapSource>(
      new PcapSource(options, std::move(capture), timing));
}

PcapSource::PcapSource(const PcapOptions& options, Capture capture,
                       Timing timing)
    : capture_(std::move(capture)),
      rounds_(capture_.damage().ok() ? options.rounds : 1),
      speed_(options.speed),
      pacer_(timing) {
  if (!options.shift) return;
  clients_.reserve(capture_.frames().size());
  for (const Capture::Frame& frame : capture_.frames()) {
    clients_.push_back(FindClient(capture_.bytes(frame)));
  }
}

std::size_t PcapSource::Receive(std::span<Packet* const> packets) {
  const std::chrono::nanoseconds now =
      speed_ > 0 ? pacer_.Elapsed() : std::chrono::nanoseconds(0);
  std::size_t received = 0;
  while (received < packets.size() && !exhausted() && NextDue() <= now) {
    Fill(*packets[received++]);
    Advance();
  }
  return received;
}

void PcapSource::Fill(Packet& packet) const {
  const Capture::Frame& frame = capture_.frames()[next_];
  packet.captured_bytes = frame.captured_bytes;
  packet.wire_bytes = frame.wire_bytes;
  std::ranges::copy(capture_.bytes(frame), packet.frame.begin());
  if (!clients_.empty() && round_ > 0) {
    ShiftClient(packet.frame, clients_[next_], round_);
  }
}

void PcapSource::Advance() {
  if (++next_ < capture_.frames().size()) return;
  next_ = 0;
  ++round_;
}

std::chrono::nanoseconds PcapSource::NextDue() const {
  if (speed_ <= 0) return std::chrono::nanoseconds(0);
  const auto recorded =
      capture_.round_time() * static_cast<std::int64_t>(round_) +
      capture_.frames()[next_].time;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(
      static_cast<double>(recorded.count()) / speed_));
}

bool PcapSource::exhausted() const {
  return capture_.frames().empty() || (rounds_ > 0 && round_ >= rounds_);
}

absl::Status PcapSource::status() const {
  return exhausted() ? capture_.damage() : absl::OkStatus();
}

void PcapSource::Wait(std::chrono::nanoseconds limit) {
  if (exhausted()) {
    pacer_.SleepUntil(std::nullopt, limit);
  } else {
    pacer_.SleepUntil(NextDue(), limit);
  }
}

}  // namespace lb::dataplane
