#include "dataplane/io/interface_source.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "dataplane/core/ip_header.h"

namespace lb::dataplane {
namespace {

// 8 MiB, of the order of 0.1 s of small packets at a million a second.
constexpr unsigned kBlockBytes = 256 * 1'024;
constexpr unsigned kBlocks = 32;
// A block that is not full is handed over after this time.
constexpr unsigned kBlockTimeoutMs = 2;
constexpr std::size_t kMacBytes = 12;

template <class Value>
absl::Status SetOption(std::string_view name, int socket, int option,
                       const Value& value, std::string_view what) {
  if (setsockopt(socket, SOL_PACKET, option, &value, sizeof(value)) == 0) {
    return absl::OkStatus();
  }
  return InterfaceFailure(name, what);
}

absl::Status CheckEthernet(const std::string& name, int socket) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(socket, SIOCGIFHWADDR, &request) != 0) {
    return InterfaceFailure(name, "cannot read its type");
  }
  const auto type = request.ifr_hwaddr.sa_family;
  if (type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("interface ", name, " has hardware type ", type,
                   ", not Ethernet; name an Ethernet interface"));
}

// Cuts frames in the kernel: what is longer than a packet's buffer would only
// fill the ring.
absl::Status LimitFrames(const std::string& name, int socket) {
  sock_filter keep = BPF_STMT(BPF_RET | BPF_K, kFrameBytes);
  const sock_fprog program{1, &keep};
  if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                 sizeof(program)) == 0) {
    return absl::OkStatus();
  }
  return InterfaceFailure(name, "cannot limit the captured length");
}

// The status word is shared with the kernel, which writes a block before it.
std::uint32_t LoadStatus(std::byte* block) {
  auto* header = reinterpret_cast<tpacket_block_desc*>(block);
  return std::atomic_ref(header->hdr.bh1.block_status)
      .load(std::memory_order_acquire);
}

void FillPacket(const std::byte* at, const tpacket3_hdr& header,
                Packet& packet) {
  const std::byte* data = at + header.tp_mac;
  std::size_t left = header.tp_snaplen;
  std::byte* to = packet.frame.data();
  std::byte* const end = to + packet.frame.size();
  packet.wire_bytes = header.tp_len;
  if ((header.tp_status & TP_STATUS_VLAN_VALID) != 0 && left >= kMacBytes) {
    const bool named = (header.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
    const std::uint16_t tag[2] = {
        htons(named ? header.hv1.tp_vlan_tpid : std::uint16_t{ETH_P_8021Q}),
        htons(static_cast<std::uint16_t>(header.hv1.tp_vlan_tci))};
    to = std::copy_n(data, kMacBytes, to);
    to = std::ranges::copy(std::as_bytes(std::span(tag)), to).out;
    data += kMacBytes;
    left -= kMacBytes;
    packet.wire_bytes += kVlanTagBytes;
  }
  const auto room = static_cast<std::size_t>(end - to);
  to = std::copy_n(data, std::min(left, room), to);
  packet.captured_bytes = static_cast<std::uint32_t>(to - packet.frame.data());
}

}  // namespace

absl::StatusOr<std::unique_ptr<InterfaceSource>> InterfaceSource::Open(
    const InterfaceOptions& options) {
  LB_ASSIGN_OR_RETURN(const PacketSocket socket,
                      OpenPacketSocket(options.name));
  std::unique_ptr<InterfaceSource> source(
      new InterfaceSource(options.name, socket.descriptor));
  LB_RETURN_IF_ERROR(source->Configure(options, socket));
  return source;
}

InterfaceSource::InterfaceSource(std::string name, int socket)
    : name_(std::move(name)), socket_(socket) {}

InterfaceSource::~InterfaceSource() {
  if (ring_ != nullptr) munmap(ring_, std::size_t{kBlockBytes} * kBlocks);
  close(socket_);
}

absl::Status InterfaceSource::Configure(const InterfaceOptions& options,
                                        const PacketSocket& socket) {
  index_ = socket.interface_index;
  LB_RETURN_IF_ERROR(CheckEthernet(name_, socket_));
  LB_RETURN_IF_ERROR(LimitFrames(name_, socket_));
  LB_RETURN_IF_ERROR(SetOption(name_, socket_, PACKET_VERSION, int{TPACKET_V3},
                               "has no TPACKET_V3"));
  LB_RETURN_IF_ERROR(SetOption(name_, socket_, PACKET_IGNORE_OUTGOING, 1,
                               "cannot ignore outgoing packets"));
  LB_RETURN_IF_ERROR(MapRing());
  if (options.promiscuous) {
    packet_mreq request{};
    request.mr_ifindex = static_cast<int>(index_);
    request.mr_type = PACKET_MR_PROMISC;
    LB_RETURN_IF_ERROR(SetOption(name_, socket_, PACKET_ADD_MEMBERSHIP, request,
                                 "cannot be made promiscuous"));
  }
  return BindPacketSocket(socket, name_, ETH_P_ALL);
}

absl::Status InterfaceSource::MapRing() {
  constexpr unsigned kFrame = 2'048;  // only checked; V3 packs frames
  tpacket_req3 request{};
  request.tp_block_size = kBlockBytes;
  request.tp_block_nr = kBlocks;
  request.tp_frame_size = kFrame;
  request.tp_frame_nr = kBlockBytes / kFrame * kBlocks;
  request.tp_retire_blk_tov = kBlockTimeoutMs;
  LB_RETURN_IF_ERROR(SetOption(name_, socket_, PACKET_RX_RING, request,
                               "cannot have a receive ring"));
  void* const ring = mmap(nullptr, std::size_t{kBlockBytes} * kBlocks,
                          PROT_READ | PROT_WRITE, MAP_SHARED, socket_, 0);
  if (ring == MAP_FAILED)
    return InterfaceFailure(name_, "cannot map its receive ring");
  ring_ = static_cast<std::byte*>(ring);
  return absl::OkStatus();
}

std::byte* InterfaceSource::Block(std::size_t block) const {
  return ring_ + block * kBlockBytes;
}

bool InterfaceSource::BlockReady() const {
  return (LoadStatus(Block(block_)) & TP_STATUS_USER) != 0;
}

void InterfaceSource::ReturnBlock() {
  auto* header = reinterpret_cast<tpacket_block_desc*>(Block(block_));
  std::atomic_ref(header->hdr.bh1.block_status)
      .store(TP_STATUS_KERNEL, std::memory_order_release);
  block_ = (block_ + 1) % kBlocks;
}

std::size_t InterfaceSource::Receive(std::span<Packet* const> packets) {
  std::size_t received = 0;
  while (received < packets.size()) {
    if (frames_left_ == 0) {
      if (!BlockReady()) break;
      const std::byte* const block = Block(block_);
      const auto& header =
          reinterpret_cast<const tpacket_block_desc*>(block)->hdr.bh1;
      frames_left_ = header.num_pkts;
      frame_ = block + header.offset_to_first_pkt;
      if (frames_left_ == 0) {
        ReturnBlock();
        continue;
      }
    }
    const auto& header = *reinterpret_cast<const tpacket3_hdr*>(frame_);
    FillPacket(frame_, header, *packets[received++]);
    frame_ += header.tp_next_offset;
    if (--frames_left_ == 0) ReturnBlock();
  }
  return received;
}

std::uint64_t InterfaceSource::dropped() const {
  tpacket_stats_v3 statistics{};
  socklen_t size = sizeof(statistics);
  if (getsockopt(socket_, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) ==
      0) {
    dropped_ += statistics.tp_drops;
  }
  return dropped_;
}

void InterfaceSource::Wait(std::chrono::nanoseconds limit) {
  if (frames_left_ > 0 || limit <= limit.zero()) return;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(limit);
  const timespec timeout{.tv_sec = seconds.count(),
                         .tv_nsec = (limit - seconds).count()};
  pollfd wanted{.fd = socket_, .events = POLLIN, .revents = 0};
  // A signal ends the wait early, which does no harm.
  const int ready = ppoll(&wanted, 1, &timeout, nullptr);
  if (ready > 0 && (wanted.revents & POLLERR) != 0) {
    // Reading the error clears it, or every wait would end at once.
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
        error == ENETDOWN) {
      down_ = true;
    }
  }
  if (down_) CheckInterface();
}

// The kernel tells when an interface goes down, but not when one that is down
// goes away. That packets are there says nothing: they may be from before. By
// index, for an interface may be renamed.
void InterfaceSource::CheckInterface() {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(index_);
  if (ioctl(socket_, SIOCGIFNAME, &request) == 0 &&
      ioctl(socket_, SIOCGIFFLAGS, &request) == 0) {
    down_ = (request.ifr_flags & IFF_UP) == 0;
    return;
  }
  if (errno != ENODEV) return;  // asked again at the next wait
  status_ = absl::UnavailableError(
      absl::StrCat("interface ", name_,
                   " is gone; give the agent another source, or start it "
                   "again once the interface is back"));
}

}  // namespace lb::dataplane
