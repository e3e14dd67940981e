// What the API shows: hosts, plans and events of core as messages. Pure.
#ifndef LB_CONTROLLER_RPC_CONVERT_VIEW_H_
#define LB_CONTROLLER_RPC_CONVERT_VIEW_H_

#include <string>

#include "controller/core/host_view.h"
#include "controller/core/records.h"
#include "lb/v1/event_service.pb.h"
#include "lb/v1/host_service.pb.h"
#include "lb/v1/plan.pb.h"

namespace lb::controller {

// How much of a thing is filled in: lists leave the large parts out.
enum class Detail { kListed, kWhole };

// "paused since TIME by WHO: WHY", in one line.
std::string PauseText(const Pause& pause);

void FillHost(const HostView& view, Detail detail, v1::Host& message);
void FillPlan(const PlanRecord& plan, Detail detail, v1::Plan& message);
void FillEvent(const Event& event, v1::Event& message);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CONVERT_VIEW_H_
