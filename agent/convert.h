// Between the agent's values and lb.v1. Pure; any thread.
#ifndef LB_AGENT_CONVERT_H_
#define LB_AGENT_CONVERT_H_

#include <optional>

#include "agent/messages.h"
#include "lb/v1/agent_service.pb.h"

namespace lb::agent {

v1::ConnectRequest ToProto(const Hello& hello);
v1::ConnectRequest ToProto(const Report& report);
v1::ConnectRequest ToProto(const PlanResult& result);
v1::ConnectRequest ToProto(const TableChanged& changed);
v1::ConnectRequest ToProto(const AgentEvent& event);
v1::ConnectRequest ToProto(const Answer& answer);

// Nothing for a message this version does not know, which is to be skipped. A
// plan that cannot be read is still a PlanCommand; see PlanCommand::readable.
// So is such a query a Query; see Query::what.
std::optional<Message> FromProto(const v1::ConnectResponse& response);

}  // namespace lb::agent

#endif  // LB_AGENT_CONVERT_H_
