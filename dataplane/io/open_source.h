// Packet sources by name.
#ifndef LB_DATAPLANE_IO_OPEN_SOURCE_H_
#define LB_DATAPLANE_IO_OPEN_SOURCE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dataplane/core/packet_source.h"

namespace lb::dataplane {

// KIND:ARGUMENTS, the arguments separated by commas:
//   pcap:FILE             a capture (pcap or pcapng), once, at full speed; with
//     ,loop[=ROUNDS]        again and again (empty: for ever)
//     ,speed=X              paced by its time stamps, X times as fast
//     ,shift                client addresses shifted every round, so that new
//                           connections appear
//   generate:k=v,...      seeded traffic; see traffic_generator.h
//   interface:NAME        live, through AF_PACKET (needs CAP_NET_RAW)
// INVALID_ARGUMENT for a spec that cannot be read, NOT_FOUND, PERMISSION_DENIED
// or DATA_LOSS (a foreign or damaged file) for what it names; each message
// names the thing and the way out.
absl::StatusOr<std::unique_ptr<PacketSource>> OpenSource(std::string_view spec);

// The forms above, for a program's --help.
std::string_view SourceHelp();

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_OPEN_SOURCE_H_
