#include "controller/rpc/plan_service.h"

#include "controller/rpc/convert_view.h"
#include "controller/rpc/status_map.h"

namespace lb::controller {

// Request and response live until the reactor is finished.
grpc::ServerUnaryReactor* PlanService::ListPlans(
    grpc::CallbackServerContext* context, const v1::ListPlansRequest* request,
    v1::ListPlansResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  core_.loop.Post([&queries = core_.queries, request, response, reactor] {
    queries.ListPlans(
        request->parent(), request->page_size(), request->page_token(),
        [response, reactor](const absl::StatusOr<Page<PlanRecord>>& page) {
          if (page.ok()) {
            for (const PlanRecord& plan : page->items) {
              FillPlan(plan, Detail::kListed, *response->add_plans());
            }
            response->set_next_page_token(page->next_page_token);
          }
          reactor->Finish(ToGrpc(page.status()));
        });
  });
  return reactor;
}

grpc::ServerUnaryReactor* PlanService::GetPlan(
    grpc::CallbackServerContext* context, const v1::GetPlanRequest* request,
    v1::GetPlanResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  core_.loop.Post([&queries = core_.queries, request, response, reactor] {
    queries.GetPlan(
        request->name(),
        [response, reactor](const absl::StatusOr<PlanRecord>& plan) {
          if (plan.ok()) {
            FillPlan(*plan, Detail::kWhole, *response->mutable_plan());
          }
          reactor->Finish(ToGrpc(plan.status()));
        });
  });
  return reactor;
}

}  // namespace lb::controller
