// EventService: lists from core's queries, watches from its event hub.
#ifndef LB_CONTROLLER_RPC_EVENT_SERVICE_H_
#define LB_CONTROLLER_RPC_EVENT_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/event_service.grpc.pb.h"

namespace lb::controller {

class EventService final : public v1::EventService::CallbackService {
 public:
  explicit EventService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerUnaryReactor* ListEvents(
      grpc::CallbackServerContext* context,
      const v1::ListEventsRequest* request,
      v1::ListEventsResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchEventsResponse>* WatchEvents(
      grpc::CallbackServerContext* context,
      const v1::WatchEventsRequest* request) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_EVENT_SERVICE_H_
