#include "tests/support/controller_harness.h"

#include <utility>

#include "gtest/gtest.h"

namespace lb::controller {

ControllerHarness::ControllerHarness(std::optional<balance::Policy> policy,
                                     PlannerFactory planners)
    : loop(std::make_unique<EventLoop>(clock)),
      relay(loop),
      store(relay, {.store_id = "store-a", .term = Term(1)}),
      policy_(policy),
      planners_(std::move(planners)) {
  clock.Advance(std::chrono::hours(1));
  Start();
}

void ControllerHarness::Start() {
  core = std::make_unique<CoreParts>(*loop, store, clock, planners_);
  absl::Status started = absl::UnknownError("not started");
  core->fleet.Start(policy_,
                    [&started](absl::Status status) { started = status; });
  Run();
  EXPECT_TRUE(started.ok()) << started;
}

void ControllerHarness::Restart() {
  loop = std::make_unique<EventLoop>(clock);
  store.Restart();
  Start();
}

void ControllerHarness::Advance(std::chrono::nanoseconds by) {
  clock.Advance(by);
  Run();
}

ControllerHarness::Stream ControllerHarness::Connect(const Hello& hello) {
  Stream stream;
  stream.link = std::make_shared<FakeAgentLink>();
  stream.session = core->fleet.Open(stream.link, hello);
  Run();
  return stream;
}

void ControllerHarness::Say(SessionId session, controller::Report report) {
  core->fleet.OnReport(session, std::move(report));
  Run();
}

void ControllerHarness::Say(SessionId session, const PlanResult& result) {
  core->fleet.OnPlanResult(session, result);
  Run();
}

void ControllerHarness::Say(SessionId session, const TableChanged& changed) {
  core->fleet.OnTableChanged(session, changed);
  Run();
}

void ControllerHarness::Say(SessionId session, const AgentEvent& event) {
  core->fleet.OnAgentEvent(session, event);
  Run();
}

void ControllerHarness::Say(SessionId session, const Answer& answer) {
  core->fleet.OnAnswer(session, answer);
  Run();
}

void ControllerHarness::Report(SimulatedHost& host, const Stream& stream,
                               std::chrono::nanoseconds interval) {
  Advance(interval);
  Say(stream.session, host.MakeReport(std::chrono::nanoseconds(
                                          clock.Monotonic().time_since_epoch()),
                                      interval));
}

bool ControllerHarness::ApplyPlan(SimulatedHost& host, const Stream& stream) {
  if (stream.link->plans.empty()) return false;
  const PlanCommand& command = stream.link->plans.back();
  if (command.plan.epoch == host.epoch && command.plan.term == host.term) {
    return false;
  }
  Say(stream.session, host.Apply(command));
  return true;
}

std::optional<PlanCommand> ControllerHarness::ReportUntilPlan(
    SimulatedHost& host, const Stream& stream, int reports) {
  const std::size_t before = stream.link->plans.size();
  for (int i = 0; i < reports; ++i) {
    Report(host, stream);
    if (stream.link->plans.size() > before) return stream.link->plans.back();
  }
  return std::nullopt;
}

std::vector<std::uint64_t> SkewedLoads(std::uint32_t buckets,
                                       std::uint32_t processors, double cpus,
                                       double share) {
  const std::uint32_t hot = (buckets + processors - 1) / processors;
  std::vector<std::uint64_t> loads;
  for (std::uint32_t b = 0; b < buckets; ++b) {
    const double part =
        b % processors == 0 ? share / hot : (1 - share) / (buckets - hot);
    loads.push_back(static_cast<std::uint64_t>(cpus * part * 1e9));
  }
  return loads;
}

}  // namespace lb::controller
