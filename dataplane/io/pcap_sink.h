// Writes frames to a capture file. See PacketSink for the threads.
#ifndef LB_DATAPLANE_IO_PCAP_SINK_H_
#define LB_DATAPLANE_IO_PCAP_SINK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dataplane/core/packet_sink.h"

struct pcap_dumper;

namespace lb::dataplane {

// A pcap file of Ethernet frames, stamped with the time they are sent, in
// nanoseconds.
class PcapSink final : public PacketSink {
 public:
  // Creates the file, or empties it. The system's error if that fails.
  static absl::StatusOr<std::unique_ptr<PcapSink>> Create(
      const std::string& path);
  ~PcapSink() override;
  PcapSink(const PcapSink&) = delete;
  PcapSink& operator=(const PcapSink&) = delete;

  std::size_t Send(std::span<const Packet* const> packets) override;
  void Flush() override;
  // The system's error once something could not be written; nothing more is
  // written then.
  absl::Status status() const override { return status_; }

 private:
  PcapSink(std::string path, pcap_dumper* dumper)
      : path_(std::move(path)), dumper_(dumper) {}

  const std::string path_;
  pcap_dumper* const dumper_;
  absl::Status status_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_PCAP_SINK_H_
