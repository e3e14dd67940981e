// The packets of a simulated host: buffers as the data plane links them, and
// what the simulator knows of each. One thread; nothing allocates once made.
#ifndef LB_SIM_PACKET_STORE_H_
#define LB_SIM_PACKET_STORE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/core/connection.h"
#include "dataplane/core/packet.h"

namespace lb::sim {

using dataplane::ConnectionIndex;
using dataplane::kNoConnection;
using dataplane::kNoPacket;
using dataplane::PacketIndex;

struct PacketInfo {
  std::int64_t arrival_ns = 0;
  ConnectionIndex connection = kNoConnection;
  std::uint32_t service_ns = 0;  // of a whole CPU
};

class PacketStore {
 public:
  explicit PacketStore(std::uint32_t packets)
      : links_(std::make_unique_for_overwrite<dataplane::Packet[]>(packets)),
        info_(packets) {
    free_.reserve(packets);
    while (packets > 0) free_.push_back(--packets);
  }

  // kNoPacket if there is none left.
  PacketIndex Take(const PacketInfo& info) {
    if (free_.empty()) return kNoPacket;
    const PacketIndex packet = free_.back();
    free_.pop_back();
    info_[packet] = info;
    return packet;
  }
  void Free(PacketIndex packet) { free_.push_back(packet); }

  const PacketInfo& info(PacketIndex packet) const { return info_[packet]; }
  std::size_t used() const { return info_.size() - free_.size(); }

  // What lists of packets are linked through.
  dataplane::Packet* links() { return links_.get(); }

 private:
  std::unique_ptr<dataplane::Packet[]> links_;
  std::vector<PacketInfo> info_;
  std::vector<PacketIndex> free_;  // the one used last comes first: it is warm
};

}  // namespace lb::sim

#endif  // LB_SIM_PACKET_STORE_H_
