// The handlers that come with the data plane, by name.
#ifndef LB_DATAPLANE_ENGINE_HANDLERS_H_
#define LB_DATAPLANE_ENGINE_HANDLERS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "dataplane/core/packet_handler.h"

namespace lb::dataplane {

// All keep connection records and let idle connections go:
//   count                        nothing else
//   reflect                      answers packets; see Reflect()
//   burn:TIME                    spends so much CPU time on every packet
//   burn:TIME,connection=TIME    and so much on the first of a connection
//   burn:connection=TIME         or on that alone
// with a TIME of at most 1s, such as 20us. INVALID_ARGUMENT for anything else.
absl::StatusOr<PacketHandlerFactory> MakeHandlerFactory(std::string_view spec);

// The forms above, for a program's --help.
std::string_view HandlerHelp();

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_HANDLERS_H_
