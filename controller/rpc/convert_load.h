// Measurements as messages, and spans of time to ask for them. Pure.
#ifndef LB_CONTROLLER_RPC_CONVERT_LOAD_H_
#define LB_CONTROLLER_RPC_CONVERT_LOAD_H_

#include <optional>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/status.h"
#include "controller/core/records.h"
#include "controller/core/roll_up.h"
#include "controller/rpc/convert_common.h"
#include "lb/v1/load_service.pb.h"

namespace lb::controller {

struct TimeSpan {
  std::optional<WallTime> from;  // this or later
  std::optional<WallTime> to;    // earlier
};

// Of a request with start_time and end_time, either of which may be unset.
// INVALID_ARGUMENT names what cannot be.
template <class Request>
absl::StatusOr<TimeSpan> TimeSpanFrom(const Request& request) {
  TimeSpan span;
  if (request.has_start_time()) {
    LB_ASSIGN_OR_RETURN(span.from,
                        TimeFrom(request.start_time(), "start_time"));
  }
  if (request.has_end_time()) {
    LB_ASSIGN_OR_RETURN(span.to, TimeFrom(request.end_time(), "end_time"));
  }
  return span;
}

// None: reports as they are. INVALID_ARGUMENT.
absl::StatusOr<std::optional<RollUpPeriod>> RollUpPeriodFrom(
    v1::Resolution resolution);

void FillLoad(const ProcessorSample& sample, v1::Load& message);
void FillLoad(const LoadRollUp& roll_up, v1::Load& message);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CONVERT_LOAD_H_
