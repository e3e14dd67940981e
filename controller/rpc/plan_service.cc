#include "controller/rpc/plan_service.h"

#include <utility>

#include "common/status.h"
#include "controller/rpc/convert_change.h"
#include "controller/rpc/convert_explain.h"
#include "controller/rpc/convert_load.h"
#include "controller/rpc/convert_policy.h"
#include "controller/rpc/convert_view.h"
#include "controller/rpc/unary_call.h"

namespace lb::controller {
namespace {

void FillPlans(const Page<PlanRecord>& page, v1::ListPlansResponse& response) {
  for (const PlanRecord& plan : page.items) {
    FillPlan(plan, Detail::kListed, *response.add_plans());
  }
  response.set_next_page_token(page.next_page_token);
  response.set_revision(page.revision);
}

void FillGet(const PlanRecord& plan, v1::GetPlanResponse& response) {
  FillPlan(plan, Detail::kWhole, *response.mutable_plan());
}

void FillProposal(const Changed<ProposalAnswer>& changed,
                  v1::ProposePlanResponse& response) {
  if (changed.value.plan) {
    FillPlan(*changed.value.plan, Detail::kWhole, *response.mutable_plan());
  }
  response.set_planner_reason(changed.value.planner_reason);
  FillReceipt(changed.receipt, *response.mutable_receipt());
}

absl::StatusOr<ProposalRequest> ProposalFrom(
    const v1::ProposePlanRequest& request) {
  ProposalRequest proposal;
  if (request.has_target_permille()) {
    proposal.target_permille = request.target_permille();
  }
  if (request.has_max_moves()) proposal.max_moves = request.max_moves();
  if (request.planner() != v1::PLANNER_KIND_UNSPECIFIED) {
    LB_ASSIGN_OR_RETURN(proposal.planner, PlannerKindFrom(request.planner()));
  }
  return proposal;
}

}  // namespace

grpc::ServerUnaryReactor* PlanService::ListPlans(
    grpc::CallbackServerContext* context, const v1::ListPlansRequest* request,
    v1::ListPlansResponse* response) {
  return Serve(
      entrance_, context, request, response, FillPlans,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        core.queries.ListPlans(request->parent(), request->page_size(),
                               request->page_token(), std::move(done));
      });
}

grpc::ServerUnaryReactor* PlanService::GetPlan(
    grpc::CallbackServerContext* context, const v1::GetPlanRequest* request,
    v1::GetPlanResponse* response) {
  return Serve(
      entrance_, context, request, response, FillGet,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        core.queries.GetPlan(request->name(), std::move(done));
      });
}

grpc::ServerUnaryReactor* PlanService::ExplainPlan(
    grpc::CallbackServerContext* context, const v1::ExplainPlanRequest* request,
    v1::ExplainPlanResponse* response) {
  return Serve(
      entrance_, context, request, response, FillExplanation,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        core.queries.ExplainPlan(request->name(), std::move(done));
      });
}

grpc::ServerUnaryReactor* PlanService::ReplayPlan(
    grpc::CallbackServerContext* context, const v1::ReplayPlanRequest* request,
    v1::ReplayPlanResponse* response) {
  return Serve(
      entrance_, context, request, response, FillReplay,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        core.queries.ReplayPlan(request->name(), std::move(done));
      });
}

grpc::ServerUnaryReactor* PlanService::Backtest(
    grpc::CallbackServerContext* context, const v1::BacktestRequest* request,
    v1::BacktestResponse* response) {
  return Serve(
      entrance_, context, request, response, FillBacktest,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        const auto span = TimeSpanFrom(*request);
        if (!span.ok()) return done(span.status());
        if (!span->from) {
          return done(absl::InvalidArgumentError(
              "start_time is not set; a backtest begins somewhere"));
        }
        core.queries.Backtest(request->parent(), *span->from, span->to,
                              PolicyOverlay(request->policy()),
                              std::move(done));
      });
}

grpc::ServerUnaryReactor* PlanService::ProposePlan(
    grpc::CallbackServerContext* context, const v1::ProposePlanRequest* request,
    v1::ProposePlanResponse* response) {
  return Serve(entrance_, context, request, response, FillProposal,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 const auto proposal = ProposalFrom(*request);
                 if (!proposal.ok()) return done(proposal.status());
                 core.commands.ProposePlan(std::move(call), request->parent(),
                                           *proposal, std::move(done));
               });
}

grpc::ServerUnaryReactor* PlanService::ApplyPlan(
    grpc::CallbackServerContext* context, const v1::ApplyPlanRequest* request,
    v1::ApplyPlanResponse* response) {
  return Serve(entrance_, context, request, response,
               FillChangedPlan<v1::ApplyPlanResponse>,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 core.commands.ApplyPlan(std::move(call), request->name(),
                                         std::move(done));
               });
}

grpc::ServerUnaryReactor* PlanService::RollBackPlan(
    grpc::CallbackServerContext* context,
    const v1::RollBackPlanRequest* request,
    v1::RollBackPlanResponse* response) {
  return Serve(entrance_, context, request, response,
               FillChangedPlan<v1::RollBackPlanResponse>,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 core.commands.RollBackPlan(std::move(call), request->name(),
                                            std::move(done));
               });
}

}  // namespace lb::controller
