// Connections between their messages and common's types. Pure. What comes from
// outside is checked: INVALID_ARGUMENT names the field that cannot be. A key
// without addresses is that of packets that cannot be parsed.
#ifndef LB_CONTROLLER_RPC_CONVERT_FLOW_H_
#define LB_CONTROLLER_RPC_CONVERT_FLOW_H_

#include "absl/status/statusor.h"
#include "common/flow_key.h"
#include "common/flow_trace.h"
#include "lb/v1/flow.pb.h"

namespace lb::controller {

absl::StatusOr<FlowKey> FlowKeyFrom(const v1::FlowKey& message);
absl::StatusOr<FlowInfo> FlowFrom(const v1::Flow& message);
absl::StatusOr<FlowTrace> FlowTraceFrom(const v1::FlowTrace& message);

void FillFlowKey(const FlowKey& key, v1::FlowKey& message);
void FillFlow(const FlowInfo& flow, v1::Flow& message);
void FillFlowTrace(const FlowTrace& trace, v1::FlowTrace& message);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CONVERT_FLOW_H_
