// The agent's side of the encoding, for tests that speak as one.
#ifndef LB_TESTS_CONTROLLER_AGENT_WIRE_H_
#define LB_TESTS_CONTROLLER_AGENT_WIRE_H_

#include "controller/core/agent_messages.h"
#include "lb/v1/agent_service.pb.h"

namespace lb::controller {

v1::ConnectRequest RequestOf(const Hello& hello);
v1::ConnectRequest RequestOf(const Report& report);
v1::ConnectRequest RequestOf(const PlanResult& result);
v1::ConnectRequest RequestOf(const TableChanged& changed);

// What the controller commands, as a SimulatedHost takes it.
PlanCommand CommandFrom(const v1::PlanCommand& message);

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_AGENT_WIRE_H_
