// A controller on a memory store, with a thread for its loop, that is spoken
// to over the API.
#ifndef LB_TESTS_CONTROLLER_API_HARNESS_H_
#define LB_TESTS_CONTROLLER_API_HARNESS_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "controller/rpc/server.h"
#include "grpcpp/grpcpp.h"
#include "tests/controller/temporary_directory.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {

// The machine's clocks, ahead of time by what was advanced; or held, so that
// no time passes for those who count by it.
class ShiftedClock final : public Clock {
 public:
  MonotonicTime Monotonic() const override {
    return (held_ ? held_monotonic_ : SystemClock().Monotonic()) + shift();
  }
  WallTime Wall() const override { return SystemClock().Wall() + shift(); }

  void Advance(std::chrono::hours by) { hours_ += by.count(); }
  // From now on. The loop is then busy with looking whether time has passed.
  void Freeze() {
    held_monotonic_ = SystemClock().Monotonic();
    held_ = true;
  }

 private:
  std::chrono::hours shift() const { return std::chrono::hours(hours_); }

  std::atomic<std::chrono::hours::rep> hours_{0};
  MonotonicTime held_monotonic_;  // set before held_ says so
  std::atomic<bool> held_{false};
};

// Serves as soon as it is told to; stops with its life.
class ApiHarness {
 public:
  ApiHarness();
  ApiHarness(const ApiHarness&) = delete;
  ApiHarness& operator=(const ApiHarness&) = delete;
  ~ApiHarness();

  // With sockets in a directory of its own, and plaintext on loopback.
  void Serve(std::optional<TlsOptions> tls = std::nullopt);

  CoreAccess Access();
  // Runs `task` on the loop and waits for it.
  void OnLoop(const std::function<void()>& task);
  // Runs what was posted, and what that posted, to the end.
  void Settle();
  // The loop finds that so much time has passed.
  void Advance(std::chrono::hours by);

  std::shared_ptr<grpc::Channel> SocketChannel(Role role) const;
  std::shared_ptr<grpc::Channel> LoopbackChannel() const;

  TemporaryDirectory directory;
  ShiftedClock clock;
  EventLoop loop{clock};
  MemoryStore store{loop, {.store_id = "store-a", .term = Term(1)}};
  CoreParts core{loop, store, clock, balance::MakePlanner};
  AgentQueries agent_queries;
  HostHub hosts;
  LoadHub loads;
  ListenOptions listen;
  std::thread runner;
  std::unique_ptr<Server> server;
};

// An answer to one message, spoken raw: what reflection and health speak is
// not compiled into these tests, because gRPC's library holds the former.
struct RawAnswer {
  // The first message; none if the call ended without one, as `status` says.
  std::optional<std::string> bytes;
  grpc::Status status;
};
RawAnswer AskRaw(const std::shared_ptr<grpc::Channel>& channel,
                 const std::string& method, const std::string& bytes);

// The reason in a status's details; empty unless there is exactly one, of this
// project's domain, with the same code and message.
std::string ReasonIn(const grpc::Status& status);

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_API_HARNESS_H_
