// The agent's control loop: samples the data plane, reports, applies plans,
// keeps the last one. Does not block but in the data plane and on the disk.
// Without a controller the data plane goes on with the table in force.
#ifndef LB_AGENT_AGENT_LOOP_H_
#define LB_AGENT_AGENT_LOOP_H_

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "agent/condition_watch.h"
#include "agent/controller_link.h"
#include "agent/messages.h"
#include "agent/plan_file.h"
#include "agent/query_thread.h"
#include "agent/session.h"
#include "common/clock.h"
#include "dataplane/dataplane.h"

namespace lb::agent {

// Limits of what a policy may ask for.
inline constexpr std::chrono::milliseconds kMinReportInterval{100};
inline constexpr std::chrono::milliseconds kMaxReportInterval{60'000};

// A stalled processor is looked for so often.
inline constexpr std::chrono::milliseconds kStallLookInterval{200};

struct AgentOptions {
  std::string instance_id;
  std::string boot_id;
  std::string software_version;
  std::map<std::string, std::string> labels;
  AgentPolicy policy;  // until the controller's arrives
  SessionOptions session;
};

// What the loop works with; all of it must outlive the Agent.
struct AgentSeams {
  dataplane::Dataplane& dataplane;
  QueryThread& queries;
  ControllerLink& link;
  const Clock& clock;
};

// Control thread only.
class Agent {
 public:
  // `record` is the host's, with the table in force; see StartRecord().
  Agent(AgentOptions options, AgentSeams seams, PlanFile file,
        PlanRecord record);

  // Makes the record durable; to be called once, before anything else.
  absl::Status Start();

  // Tells the controller, at once or when there is one. At most 64 events
  // wait; beyond that the oldest is dropped and logged.
  void Announce(AgentEventKind kind, std::string message);

  // Does what is due and returns when it wants to be called again at latest.
  MonotonicTime Advance();

  // Takes in one message; call Advance() afterwards.
  void Handle(const Incoming& incoming);

  const PlanRecord& record() const { return record_; }

 private:
  Hello MakeHello() const;
  void Tick();
  void LookForStalls();
  // Takes a sample's findings and merges it into the report that waits.
  void TakeIn(LoadSample sample);
  void Flush();
  // Retries a save that failed; a host on an old record is still right, but
  // would go back to that table after a restart.
  void SaveIfDirty();

  void On(const Incoming& incoming, const Welcome& welcome);
  void On(const Incoming& incoming, const PlanCommand& command);
  void On(const Incoming& incoming, const PlanResultAck& ack);
  void On(const Incoming& incoming, const AgentPolicy& policy);
  void On(const Incoming& incoming, const GoAway& go_away);
  void On(const Incoming& incoming, const Drain& drain);
  void On(const Incoming& incoming, const Query& query);
  void On(const Incoming& incoming, const Answer& answer);
  void On(const Incoming& incoming, const LinkDown& down);

  absl::Status CheckAndKeep(const Incoming& incoming,
                            const PlanCommand& command);
  PlanResult Apply(const PlanCommand& command);
  void Reject(const PlanCommand& command, const absl::Status& why);
  // The plan last seen, sent once more: its result is sent once more.
  bool IsAnsweredAlready(const Plan& plan) const;

  const AgentOptions options_;
  dataplane::Dataplane& dataplane_;
  QueryThread& queries_;
  ControllerLink& link_;
  const Clock& clock_;
  const PlanFile file_;
  PlanRecord record_;
  Digest table_;  // in force
  bool dirty_ = false;
  Session session_;
  AgentPolicy policy_;
  ConditionWatch watch_;
  std::deque<AgentEvent> events_;
  std::optional<Report> report_;
  MonotonicTime next_tick_;
  MonotonicTime next_look_;
};

}  // namespace lb::agent

#endif  // LB_AGENT_AGENT_LOOP_H_
