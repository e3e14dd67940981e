// Which address of a recorded frame is the client's, and how to give it
// another one. Pure; any thread.
#ifndef LB_DATAPLANE_IO_CLIENT_ADDRESS_H_
#define LB_DATAPLANE_IO_CLIENT_ADDRESS_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace lb::dataplane {

// Offsets into the frame; `address` 0 means the frame has no client.
struct ClientAddress {
  std::uint8_t address = 0;   // of the part that is shifted
  std::uint8_t checksum = 0;  // of the IPv4 header checksum; 0 for IPv6
};

// The client is the side with the higher port; of equal ports, as fragments
// and ICMP have them, the side with the lower address: the same side for both
// directions. A frame that cannot be parsed has none.
ClientAddress FindClient(std::span<const std::byte> frame);

// Adds `round` times a constant to the low 24 bits of an IPv4 client's address
// or the low 32 bits of an IPv6 client's. The constants are odd and near the
// golden ratio's share of the range (Knuth, TAOCP 6.4), so neighbouring
// clients do not meet again for tens of thousands of rounds. The IPv4 header's
// checksum follows (RFC 1624); the transport's stays as recorded. `client` is
// FindClient() of the frame as recorded.
void ShiftClient(std::span<std::byte> frame, ClientAddress client,
                 std::uint64_t round);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_CLIENT_ADDRESS_H_
