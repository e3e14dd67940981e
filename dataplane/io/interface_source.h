// Live packets of a network interface, through an AF_PACKET ring
// (TPACKET_V3). See PacketSource for the threads.
#ifndef LB_DATAPLANE_IO_INTERFACE_SOURCE_H_
#define LB_DATAPLANE_IO_INTERFACE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dataplane/core/packet_source.h"
#include "dataplane/io/packet_socket.h"

namespace lb::dataplane {

struct InterfaceOptions {
  std::string name;
  // Also what is addressed to other machines.
  bool promiscuous = false;
};

// Sees what arrives at the interface, not what leaves through it, and takes
// nothing away from the host's own network stack. A VLAN tag that the kernel
// took off is put back.
class InterfaceSource final : public PacketSource {
 public:
  // NOT_FOUND if there is no such interface, PERMISSION_DENIED without
  // CAP_NET_RAW, INVALID_ARGUMENT if it is no Ethernet interface.
  static absl::StatusOr<std::unique_ptr<InterfaceSource>> Open(
      const InterfaceOptions& options);
  ~InterfaceSource() override;

  std::size_t Receive(std::span<Packet* const> packets) override;
  // True once the interface is gone and what it left is read; one that is only
  // down may come back.
  bool exhausted() const override {
    return !status_.ok() && frames_left_ == 0 && !BlockReady();
  }
  // UNAVAILABLE once the interface is gone.
  absl::Status status() const override { return status_; }
  bool live() const override { return true; }
  // Packets the ring had no room for. A system call.
  std::uint64_t dropped() const override;
  void Wait(std::chrono::nanoseconds limit) override;

 private:
  InterfaceSource(std::string name, int socket);

  absl::Status Configure(const InterfaceOptions& options,
                         const PacketSocket& socket);
  absl::Status MapRing();
  std::byte* Block(std::size_t block) const;
  bool BlockReady() const;
  void ReturnBlock();
  void CheckInterface();

  const std::string name_;
  const int socket_;
  unsigned index_ = 0;
  std::byte* ring_ = nullptr;  // null: not mapped
  std::size_t block_ = 0;      // being read, or the next to be
  // Within block_: frames still to be read, and the next one's place. 0 frames
  // left: the block has not been opened.
  std::uint32_t frames_left_ = 0;
  const std::byte* frame_ = nullptr;
  bool down_ = false;
  absl::Status status_;
  // The kernel's count starts anew whenever it is read.
  mutable std::uint64_t dropped_ = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_INTERFACE_SOURCE_H_
