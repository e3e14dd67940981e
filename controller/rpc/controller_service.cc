#include "controller/rpc/controller_service.h"

#include <string>
#include <utility>
#include <vector>

#include "controller/rpc/convert_change.h"
#include "controller/rpc/convert_common.h"
#include "controller/rpc/convert_view.h"
#include "controller/rpc/unary_call.h"

namespace lb::controller {
namespace {

static_assert(static_cast<int>(ControllerState::kActive) ==
              v1::CONTROLLER_STATE_ACTIVE);
static_assert(static_cast<int>(ControllerState::kDegraded) ==
              v1::CONTROLLER_STATE_DEGRADED);
static_assert(static_cast<int>(ControllerState::kFenced) ==
              v1::CONTROLLER_STATE_FENCED);

// The controller as its caller sees it.
struct StatusView {
  ControllerStatus status;
  std::string paused;
  std::vector<ListenerInfo> listeners;
  Caller caller;
};

void FillStatus(const StatusView& view, v1::GetStatusResponse& response) {
  const ControllerStatus& status = view.status;
  response.set_state(static_cast<v1::ControllerState>(status.state));
  response.set_reason(status.reason);
  response.set_software_version(LB_VERSION);
  response.set_store_id(status.identity.store_id);
  response.set_term(status.identity.term.value());
  response.set_revision(status.revision);
  *response.mutable_start_time() = TimestampOf(status.start_time);
  response.set_hosts(status.hosts);
  response.set_connected_hosts(status.connected_hosts);
  response.set_fenced_hosts(status.fenced_hosts);
  response.set_plans_in_flight(status.plans_in_flight);
  response.set_paused(view.paused);
  response.set_audit_sequence(status.head.sequence);
  response.set_audit_hash(ToHex(status.head.hash));
  for (const ListenerInfo& listener : view.listeners) {
    v1::Listener& added = *response.add_listeners();
    added.set_address(listener.address);
    added.set_kind(listener.kind);
  }
  response.set_dropped_samples(status.store.dropped_samples);
  response.set_caller(view.caller.name);
  response.set_caller_role(static_cast<v1::Role>(view.caller.role));
  response.set_control_db_bytes(status.store.control_bytes);
  response.set_telemetry_db_bytes(status.store.telemetry_bytes);
}

void FillBackUp(const Changed<BackupInfo>& changed,
                v1::BackUpResponse& response) {
  response.set_backup_revision(changed.value.revision);
  response.set_bytes(changed.value.bytes);
  FillReceipt(changed.receipt, *response.mutable_receipt());
}

void FillAdopt(const Changed<Term>& changed, v1::AdoptResponse& response) {
  response.set_term(changed.value.value());
  FillReceipt(changed.receipt, *response.mutable_receipt());
}

}  // namespace

grpc::ServerUnaryReactor* ControllerService::GetStatus(
    grpc::CallbackServerContext* context, const v1::GetStatusRequest* request,
    v1::GetStatusResponse* response) {
  return Serve(
      entrance_, context, request, response, FillStatus,
      [&listeners = listeners_](const CoreAccess& core, Call call, auto done) {
        const auto& pause = core.fleet.pause();
        done(StatusView{core.queries.GetStatus(),
                        pause ? PauseText(*pause) : "", listeners.Get(),
                        std::move(call.caller)});
      });
}

grpc::ServerUnaryReactor* ControllerService::BackUp(
    grpc::CallbackServerContext* context, const v1::BackUpRequest* request,
    v1::BackUpResponse* response) {
  return Serve(entrance_, context, request, response, FillBackUp,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 core.commands.BackUp(std::move(call), request->directory(),
                                      std::move(done));
               });
}

grpc::ServerUnaryReactor* ControllerService::Adopt(
    grpc::CallbackServerContext* context, const v1::AdoptRequest* request,
    v1::AdoptResponse* response) {
  return Serve(entrance_, context, request, response, FillAdopt,
               [](const CoreAccess& core, Call&& call, auto done) {
                 core.commands.Adopt(std::move(call), std::move(done));
               });
}

}  // namespace lb::controller
