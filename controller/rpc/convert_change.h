// What changes answer with. Pure.
#ifndef LB_CONTROLLER_RPC_CONVERT_CHANGE_H_
#define LB_CONTROLLER_RPC_CONVERT_CHANGE_H_

#include "controller/core/commands.h"
#include "controller/rpc/convert_view.h"
#include "lb/v1/receipt.pb.h"

namespace lb::controller {

void FillReceipt(const Receipt& receipt, v1::Receipt& message);

// Of responses that hold nothing but a receipt.
template <class Response>
void FillReceiptOf(const Receipt& receipt, Response& response) {
  FillReceipt(receipt, *response.mutable_receipt());
}

// Of responses that show the host as it is now.
template <class Response>
void FillChangedHost(const Changed<HostView>& changed, Response& response) {
  FillHost(changed.value, Detail::kListed, *response.mutable_host());
  FillReceipt(changed.receipt, *response.mutable_receipt());
}

// Of responses that show the plan that was made or sent.
template <class Response>
void FillChangedPlan(const Changed<PlanRecord>& changed, Response& response) {
  FillPlan(changed.value, Detail::kWhole, *response.mutable_plan());
  FillReceipt(changed.receipt, *response.mutable_receipt());
}

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CONVERT_CHANGE_H_
