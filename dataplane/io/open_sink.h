// Packet sinks by name.
#ifndef LB_DATAPLANE_IO_OPEN_SINK_H_
#define LB_DATAPLANE_IO_OPEN_SINK_H_

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "dataplane/core/packet_sink.h"

namespace lb::dataplane {

// KIND:ARGUMENT
//   pcap:FILE        a capture file, made anew
//   interface:NAME   out of an interface, through AF_PACKET (CAP_NET_RAW)
// INVALID_ARGUMENT for a spec that cannot be read, else the error of what it
// names.
absl::StatusOr<std::unique_ptr<PacketSink>> OpenSink(std::string_view spec);

// Where the packets of a source go back to: the interface it reads. Null for a
// source that has no way back, such as a capture.
absl::StatusOr<std::unique_ptr<PacketSink>> OpenSinkOfSource(
    std::string_view source_spec);

// The forms above, for a program's --help.
std::string_view SinkHelp();

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_OPEN_SINK_H_
