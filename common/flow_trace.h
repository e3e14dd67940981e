// What a host knows of a connection. Pure values; any thread.
#ifndef LB_COMMON_FLOW_TRACE_H_
#define LB_COMMON_FLOW_TRACE_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "common/flow_key.h"
#include "common/ids.h"

namespace lb {

struct FlowInfo {
  FlowKey key;                // canonical if the host's keys are
  std::uint64_t packets = 0;  // served since the connection is known
  std::uint64_t bytes = 0;    // of them
  // Estimated: packets x the mean service time of the last ones.
  std::chrono::nanoseconds service{0};
  std::uint64_t queued_packets = 0;
  std::chrono::nanoseconds idle{0};  // since its last packet
};

// Where a connection's packets go.
struct FlowTrace {
  std::uint32_t hash = 0;
  BucketId bucket;
  ProcessorId processor;         // the bucket's owner under the table in force
  std::optional<FlowInfo> flow;  // none: no such connection at present
};

}  // namespace lb

#endif  // LB_COMMON_FLOW_TRACE_H_
