// The controller's core on a fake clock, a memory store and fake links, driven
// by hand. One thread.
#ifndef LB_TESTS_SUPPORT_CONTROLLER_HARNESS_H_
#define LB_TESTS_SUPPORT_CONTROLLER_HARNESS_H_

#include <chrono>
#include <memory>
#include <optional>

#include "controller/core/commands.h"
#include "controller/core/event_hub.h"
#include "controller/core/event_loop.h"
#include "controller/core/fleet.h"
#include "controller/core/journal.h"
#include "controller/core/queries.h"
#include "tests/support/fake_agent_link.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_store.h"
#include "tests/support/simulated_host.h"

namespace lb::controller {

// The parts of core that a process has one of; a restart makes new ones.
struct CoreParts {
  CoreParts(EventLoop& loop, Store& store, const Clock& clock,
            PlannerFactory planners)
      : hub(store, loop, clock),
        journal(store, clock, hub),
        fleet(loop, store, journal, hub, clock, std::move(planners)),
        queries(fleet, store, journal, loop, clock),
        commands(fleet, queries, store, journal, clock) {}
  EventHub hub;
  Journal journal;
  Fleet fleet;
  Queries queries;
  Commands commands;
};

class ControllerHarness {
 private:
  // So that a new loop does not strand the store's answers.
  class Relay final : public Executor {
   public:
    explicit Relay(std::unique_ptr<EventLoop>& loop) : loop_(loop) {}
    void Post(Task task) override { loop_->Post(std::move(task)); }

   private:
    std::unique_ptr<EventLoop>& loop_;
  };

 public:
  explicit ControllerHarness(
      std::optional<balance::Policy> policy = std::nullopt,
      PlannerFactory planners = balance::MakePlanner);

  // Runs everything that is due.
  void Run() { loop->RunReady(); }
  void Advance(std::chrono::nanoseconds by);
  // The controller is killed and started again on the same store.
  void Restart();

  struct Stream {
    std::shared_ptr<FakeAgentLink> link;
    SessionId session = 0;
  };
  Stream Connect(const SimulatedHost& host) {
    return Connect(host.MakeHello());
  }
  Stream Connect(const Hello& hello);

  // What an agent says after its hello.
  void Say(SessionId session, controller::Report report);
  void Say(SessionId session, const PlanResult& result);
  void Say(SessionId session, const TableChanged& changed);
  void Say(SessionId session, const AgentEvent& event);
  void Say(SessionId session, const Answer& answer);

  // A report of the last second, a second later.
  void Report(SimulatedHost& host, const Stream& stream,
              std::chrono::nanoseconds interval = std::chrono::seconds(1));
  // Answers a plan that was sent and not answered yet, by applying it whole;
  // false if there is none.
  bool ApplyPlan(SimulatedHost& host, const Stream& stream);
  // Reports until a plan is sent, at most `reports` times. The last plan.
  std::optional<PlanCommand> ReportUntilPlan(SimulatedHost& host,
                                             const Stream& stream,
                                             int reports = 20);
  HostView View(const SimulatedHost& host) {
    return *core->queries.GetHost("hosts/" + host.name);
  }

  FakeClock clock;
  std::unique_ptr<EventLoop> loop;
  Relay relay;
  MemoryStore store;
  std::unique_ptr<CoreParts> core;

 private:
  void Start();

  std::optional<balance::Policy> policy_;
  PlannerFactory planners_;
};

// `buckets` loads that sum up to `cpus`, of which the buckets dealt to
// processor 0 of `processors` have `share`.
std::vector<std::uint64_t> SkewedLoads(std::uint32_t buckets,
                                       std::uint32_t processors, double cpus,
                                       double share);

}  // namespace lb::controller

#endif  // LB_TESTS_SUPPORT_CONTROLLER_HARNESS_H_
