#include "controller/controller_core.h"

#include <string>

#include "absl/status/statusor.h"
#include "balance/planner.h"

namespace lb::controller {
namespace {

absl::StatusOr<AgentReach> Reach(Fleet& fleet, const std::string& name) {
  const Host* host = fleet.FindHost(name);
  if (host == nullptr) return NoSuchHost(name);
  HostSession* session = fleet.SessionOf(name);
  if (session == nullptr) return AgentReach();
  return AgentReach{
      .session = session->id(),
      .link = &session->link(),
      .answers = session->Has(kQueryFeature),
      .buckets = static_cast<std::uint32_t>(host->record.table.owner.size())};
}

}  // namespace

ControllerCore::ControllerCore(EventLoop& event_loop, Store& store,
                               const Clock& system_clock)
    : loop(event_loop),
      clock(system_clock),
      events(store, loop, clock),
      journal(store, clock, events),
      fleet(loop, store, journal, events, clock, balance::MakePlanner),
      queries(fleet, store, journal, loop, clock),
      commands(fleet, queries, store, journal, clock),
      agent_queries(
          loop, clock,
          [this](const std::string& host) { return Reach(fleet, host); }),
      elephant_notes(agent_queries, journal),
      hosts(loop, events, fleet, clock) {
  fleet.set_on_answer([this](const std::string& host, const Answer& answer) {
    agent_queries.OnAnswer(host, answer);
  });
  fleet.set_on_unsplittable(
      [this](const std::string& host, BucketId bucket, double bound) {
        elephant_notes.Note(host, bucket, bound);
      });
  fleet.set_on_sample(
      [this](const ProcessorSample& sample) { loads.Publish(sample); });
}

CoreAccess ControllerCore::access() {
  return {loop,    clock,         fleet,  journal, commands,
          queries, agent_queries, events, hosts,   loads};
}

}  // namespace lb::controller
