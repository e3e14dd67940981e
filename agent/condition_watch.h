// Notices in the samples when something begins that the controller should hear
// of at once. Pure; not thread safe.
#ifndef LB_AGENT_CONDITION_WATCH_H_
#define LB_AGENT_CONDITION_WATCH_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "agent/messages.h"
#include "common/load.h"

namespace lb::agent {

// "processor 1 completed no turn for a second; its 16 buckets ..."
std::string Describe(const Takeover& takeover);

// A condition is told when it begins; one that comes and goes, once a minute.
class ConditionWatch {
 public:
  struct Finding {
    AgentEventKind kind;
    std::string message;
  };

  // A processor that stalls, and what became of its buckets; a dispatcher that
  // is busy for 0.9 of the interval or more, so that packets may die upstream
  // while workers look even. A dispatcher counts as relieved below 0.8. Samples
  // come in their order.
  std::vector<Finding> Look(const LoadSample& sample);

 private:
  struct Condition {
    bool holds = false;
    std::optional<std::chrono::nanoseconds> told;  // on the samples' clock
  };

  // True if the condition has just begun and may be told.
  static bool Begins(Condition& condition, std::chrono::nanoseconds now);

  std::vector<Condition> stalled_;      // by processor
  std::vector<Condition> input_bound_;  // by dispatcher
};

}  // namespace lb::agent

#endif  // LB_AGENT_CONDITION_WATCH_H_
