// The handlers that come with the data plane, by name.
#ifndef LB_DATAPLANE_ENGINE_HANDLERS_H_
#define LB_DATAPLANE_ENGINE_HANDLERS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "dataplane/core/packet_handler.h"

namespace lb::dataplane {

// "count" keeps connection records; "burn:TIME" (such as burn:20us) also spends
// so much CPU time on every packet. Both let idle connections go.
// INVALID_ARGUMENT for anything else.
absl::StatusOr<PacketHandlerFactory> MakeHandlerFactory(std::string_view spec);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_HANDLERS_H_
