// A server of AgentService that welcomes every agent and counts its messages:
// what a stream costs before anything is done with it.
#ifndef LB_TESTS_BENCH_FLEET_BARE_SERVER_H_
#define LB_TESTS_BENCH_FLEET_BARE_SERVER_H_

#include <atomic>
#include <cstdint>

#include "lb/v1/agent_service.grpc.pb.h"

namespace lb::bench {

class BareService final : public v1::AgentService::CallbackService {
 public:
  grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>* Connect(
      grpc::CallbackServerContext* context) override;

  std::uint64_t messages() const { return messages_; }
  std::int64_t streams() const { return streams_; }

 private:
  class Stream;

  std::atomic<std::uint64_t> messages_ = 0;
  std::atomic<std::int64_t> streams_ = 0;
};

}  // namespace lb::bench

#endif  // LB_TESTS_BENCH_FLEET_BARE_SERVER_H_
