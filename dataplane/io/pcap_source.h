// Replays a capture file, once or again and again, at full speed or paced by
// its time stamps. See PacketSource for the threads.
#ifndef LB_DATAPLANE_IO_PCAP_SOURCE_H_
#define LB_DATAPLANE_IO_PCAP_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/core/packet_source.h"
#include "dataplane/io/capture.h"
#include "dataplane/io/client_address.h"
#include "dataplane/io/pacer.h"

namespace lb::dataplane {

struct PcapOptions {
  std::string file;
  std::uint64_t rounds = 1;  // 0: for ever
  // Times as fast as recorded; 0: as fast as it is read.
  double speed = 0;
  // Client addresses shifted every round after the first; see ShiftClient().
  bool shift = false;
};

// Not live: it waits for room, and one that fell behind its pace catches up.
// A damaged capture ends after its last whole packet, whatever `rounds` says,
// and status() then tells why; an empty one is exhausted at once.
class PcapSource final : public PacketSource {
 public:
  // Errors as Capture::Load().
  static absl::StatusOr<std::unique_ptr<PcapSource>> Open(
      const PcapOptions& options, Timing timing = SystemTiming());

  std::size_t Receive(std::span<Packet* const> packets) override;
  bool exhausted() const override;
  absl::Status status() const override;
  bool live() const override { return false; }
  std::uint64_t dropped() const override { return 0; }
  void Wait(std::chrono::nanoseconds limit) override;

 private:
  PcapSource(const PcapOptions& options, Capture capture, Timing timing);

  void Fill(Packet& packet) const;
  void Advance();
  // When the next frame is due by the pacer; 0 without a pace.
  std::chrono::nanoseconds NextDue() const;

  const Capture capture_;
  const std::uint64_t rounds_;
  const double speed_;
  std::vector<ClientAddress> clients_;  // by frame; empty without shift
  Pacer pacer_;
  std::size_t next_ = 0;  // frame of the round
  std::uint64_t round_ = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_PCAP_SOURCE_H_
