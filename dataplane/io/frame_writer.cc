#include "dataplane/io/frame_writer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "dataplane/core/checksum.h"
#include "dataplane/core/ip_header.h"

namespace lb::dataplane {
namespace {

constexpr std::uint8_t kHopLimit = 64;

// Appends in network order.
class Writer {
 public:
  explicit Writer(std::byte* to) : to_(to) {}

  void Put8(std::uint64_t value) { *to_++ = static_cast<std::byte>(value); }
  void Put16(std::uint64_t value) {
    Put8(value >> 8);
    Put8(value);
  }
  void Put32(std::uint64_t value) {
    Put16(value >> 16);
    Put16(value);
  }
  void Put(std::span<const std::uint8_t> bytes) {
    to_ = std::ranges::copy(std::as_bytes(bytes), to_).out;
  }
  std::byte* position() const { return to_; }

 private:
  std::byte* to_;
};

void PutChecksum(std::byte* to, std::uint64_t sum) {
  Writer(to).Put16(FoldChecksum(sum));
}

void WriteEthernet(const FlowKey& flow, Writer& writer) {
  constexpr std::array<std::uint8_t, 12> kAddresses = {2, 0, 0, 0, 0, 2,
                                                       2, 0, 0, 0, 0, 1};
  writer.Put(kAddresses);
  writer.Put16(flow.version == IpVersion::kIpv6 ? 0x86dd : 0x0800);
}

// Returns where the two addresses start.
std::byte* WriteIp(const FlowKey& flow, std::size_t ip_bytes,
                   std::uint64_t number, Writer& writer) {
  std::byte* const header = writer.position();
  if (flow.version == IpVersion::kIpv6) {
    writer.Put32(0x6000'0000);
    writer.Put16(ip_bytes - 40);
    writer.Put8(flow.protocol);
    writer.Put8(kHopLimit);
    writer.Put(flow.source);
    writer.Put(flow.destination);
    return header + 8;
  }
  writer.Put16(0x4500);
  writer.Put16(ip_bytes);
  writer.Put16(number);
  writer.Put16(0x4000);  // do not fragment
  writer.Put8(kHopLimit);
  writer.Put8(flow.protocol);
  writer.Put16(0);
  writer.Put(std::span(flow.source).first<4>());
  writer.Put(std::span(flow.destination).first<4>());
  PutChecksum(header + 10, ChecksumSum({header, 20}));
  return header + 12;
}

// Returns where the checksum goes.
std::byte* WriteTransport(const FlowKey& flow, std::size_t bytes,
                          std::uint64_t number, Writer& writer) {
  std::byte* const header = writer.position();
  writer.Put16(flow.source_port);
  writer.Put16(flow.destination_port);
  if (flow.protocol != kTcp) {
    writer.Put16(bytes);
    writer.Put16(0);
    return header + 6;
  }
  writer.Put32(number);
  writer.Put32(1);       // acknowledges
  writer.Put16(0x5010);  // five words, ACK
  writer.Put16(0xffff);  // window
  writer.Put32(0);
  return header + 16;
}

}  // namespace

void WriteFrame(const FlowKey& flow, std::uint32_t bytes, std::uint64_t number,
                Packet& packet) {
  packet.captured_bytes = bytes;
  packet.wire_bytes = bytes;
  Writer writer(packet.frame.data());
  WriteEthernet(flow, writer);
  const std::size_t ip_bytes =
      bytes - static_cast<std::size_t>(writer.position() - packet.frame.data());
  const std::byte* const addresses = WriteIp(flow, ip_bytes, number, writer);
  std::byte* const transport = writer.position();
  const std::size_t transport_bytes =
      bytes - static_cast<std::size_t>(transport - packet.frame.data());
  std::byte* const checksum =
      WriteTransport(flow, transport_bytes, number, writer);
  std::fill(writer.position(), packet.frame.data() + bytes, std::byte{0});
  // The pseudo-header (RFC 9293, 8200): addresses, protocol, length; the
  // payload's zeros add nothing.
  PutChecksum(checksum, ChecksumSum({addresses, transport}) + flow.protocol +
                            transport_bytes +
                            ChecksumSum({transport, writer.position()}));
}

}  // namespace lb::dataplane
