// The controller's API on a unix socket, answering from what a test wrote into
// it. Filled before it serves; one test thread.
#ifndef LB_TESTS_CLI_FAKE_API_H_
#define LB_TESTS_CLI_FAKE_API_H_

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "lb/v1/event_service.grpc.pb.h"
#include "lb/v1/host_service.grpc.pb.h"
#include "lb/v1/plan_service.grpc.pb.h"

namespace lb::cli {

struct FakeApiData {
  std::vector<v1::Host> hosts;
  std::vector<v1::Plan> plans;    // newest first
  std::vector<v1::Event> events;  // newest first
  // A watch sends these, those after the revision asked for, then ends so.
  std::vector<v1::Event> watched;
  grpc::Status watch_end{grpc::StatusCode::UNAVAILABLE, "shutting down"};
  // Largest page ever given out, whatever is asked for.
  int page_limit = 1'000;

  // What was asked for.
  int list_calls = 0;
  std::vector<int> page_sizes;
  std::vector<std::string> parents;
  std::uint64_t watched_after = 0;
};

class FakeApi {
 public:
  // Serves `data`, which must outlive it; aborts if it cannot listen.
  FakeApi(const std::string& address, FakeApiData& data);
  ~FakeApi();

 private:
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace lb::cli

#endif  // LB_TESTS_CLI_FAKE_API_H_
