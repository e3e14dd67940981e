// Connections and packets for tests of what links them: a pool with all its
// connections allocated, and packets that are handed out and taken back.
#ifndef LB_TESTS_DATAPLANE_CONNECTION_RECORDS_H_
#define LB_TESTS_DATAPLANE_CONNECTION_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "dataplane/core/connection_pool.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {

class ConnectionRecords {
 public:
  ConnectionRecords(std::uint32_t connections, std::uint32_t packets)
      : pool_(std::move(ConnectionPool::Create(connections)).value()),
        cache_(*pool_),
        packets_(packets) {
    for (std::uint32_t i = 0; i < connections; ++i) cache_.Allocate();
    for (std::uint32_t i = packets; i-- > 0;) free_.push_back(i);
  }

  ConnectionPool& pool() { return *pool_; }
  Connection* connections() { return pool_->base(); }
  Connection& operator[](ConnectionIndex index) { return (*pool_)[index]; }
  Packet* packets() { return packets_.data(); }

  bool out_of_packets() const { return free_.empty(); }
  PacketIndex TakePacket() {
    const PacketIndex packet = free_.back();
    free_.pop_back();
    return packet;
  }
  void ReturnPacket(PacketIndex packet) { free_.push_back(packet); }
  std::size_t packets_out() const { return packets_.size() - free_.size(); }

  // Forgets a connection's past.
  void Renew(ConnectionIndex index) { (*pool_)[index] = Connection(); }

 private:
  std::unique_ptr<ConnectionPool> pool_;
  ConnectionCache cache_;
  std::vector<Packet> packets_;
  std::vector<PacketIndex> free_;
};

}  // namespace lb::dataplane

#endif  // LB_TESTS_DATAPLANE_CONNECTION_RECORDS_H_
