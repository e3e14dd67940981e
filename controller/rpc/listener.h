// One address of the API: its peers, its services, its gRPC server. Every
// listener serves every method; who may call what is the peers' matter. Called
// by one thread.
#ifndef LB_CONTROLLER_RPC_LISTENER_H_
#define LB_CONTROLLER_RPC_LISTENER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "controller/rpc/agent_service.h"
#include "controller/rpc/audit_service.h"
#include "controller/rpc/balance_service.h"
#include "controller/rpc/bucket_service.h"
#include "controller/rpc/controller_service.h"
#include "controller/rpc/entrance.h"
#include "controller/rpc/event_service.h"
#include "controller/rpc/flow_service.h"
#include "controller/rpc/host_service.h"
#include "controller/rpc/listener_list.h"
#include "controller/rpc/load_service.h"
#include "controller/rpc/plan_service.h"
#include "controller/rpc/policy_service.h"
#include "controller/rpc/processor_service.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/resource_quota.h"

namespace lb::controller {

struct ListenerOptions {
  std::string address;  // as gRPC has it
  std::shared_ptr<grpc::ServerCredentials> credentials;
  bool reflection = false;  // on the machine itself only
};

class Listener {
 public:
  // `listeners` outlives the listener; so does what the entrance borrows.
  Listener(Entrance entrance, const ListenerList& listeners);

  // Serves. UNAVAILABLE if the address cannot be had. To be called once.
  absl::Status Start(const ListenerOptions& options,
                     grpc::ResourceQuota& quota);

  // Of TCP, bound.
  std::uint16_t port() const { return static_cast<std::uint16_t>(port_); }

  // Calls and streams that have not ended by then are cut off.
  void Shutdown(std::chrono::system_clock::time_point deadline);

 private:
  void RegisterServices(grpc::ServerBuilder& builder);

  Entrance entrance_;
  AgentService agents_;
  AuditService audit_;
  BalanceService balance_;
  BucketService buckets_;
  ControllerService controller_;
  EventService events_;
  FlowService flows_;
  HostService hosts_;
  LoadService loads_;
  PlanService plans_;
  PolicyService policies_;
  ProcessorService processors_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_LISTENER_H_
