// From a flow key to a whole Ethernet frame. Pure; any thread.
#ifndef LB_DATAPLANE_IO_FRAME_WRITER_H_
#define LB_DATAPLANE_IO_FRAME_WRITER_H_

#include <cstdint>

#include "common/flow_key.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {

// Fills captured_bytes, wire_bytes and frame of `packet` with a TCP or UDP
// packet of `flow` with valid checksums and a payload of zeros. `number`
// becomes the IPv4 identification and the TCP sequence number, so that no two
// frames are the same. `flow.protocol` is 6 or 17; `bytes` holds the headers
// (at most 74) and is at most kFrameBytes.
void WriteFrame(const FlowKey& flow, std::uint32_t bytes, std::uint64_t number,
                Packet& packet);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_FRAME_WRITER_H_
