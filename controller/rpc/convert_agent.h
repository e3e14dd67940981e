// The agent's stream, between its encoding and core's messages. Pure. Errors
// are INVALID_ARGUMENT and name what cannot be.
#ifndef LB_CONTROLLER_RPC_CONVERT_AGENT_H_
#define LB_CONTROLLER_RPC_CONVERT_AGENT_H_

#include <variant>

#include "absl/status/statusor.h"
#include "controller/core/agent_messages.h"
#include "lb/v1/agent_service.pb.h"

namespace lb::controller {

using AgentMessage =
    std::variant<Hello, Report, PlanResult, TableChanged, AgentEvent, Answer>;

absl::StatusOr<AgentMessage> AgentMessageFrom(
    const v1::ConnectRequest& request);

v1::ConnectResponse ResponseOf(const Welcome& welcome);
v1::ConnectResponse ResponseOf(const PlanCommand& command);
v1::ConnectResponse ResponseOf(const PolicyRecord& policy);
v1::ConnectResponse ResponseOf(const GoAway& go_away);
v1::ConnectResponse ResponseOf(const Drain& drain);
v1::ConnectResponse ResponseOf(const Query& query);
v1::ConnectResponse AckOf(Term term, Epoch epoch);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CONVERT_AGENT_H_
