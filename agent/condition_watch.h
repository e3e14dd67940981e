// Notices in the samples when something begins that the controller should hear
// of at once. Pure; not thread safe.
#ifndef LB_AGENT_CONDITION_WATCH_H_
#define LB_AGENT_CONDITION_WATCH_H_

#include <string>
#include <vector>

#include "agent/messages.h"
#include "common/load.h"

namespace lb::agent {

// A condition is told once, when it begins; again only after it has ended.
class ConditionWatch {
 public:
  struct Finding {
    AgentEventKind kind;
    std::string message;
  };

  // A processor that stalls; a dispatcher that is busy for 0.9 of the interval
  // or more, so that packets may die upstream while workers look even. A
  // dispatcher counts as relieved below 0.8.
  std::vector<Finding> Look(const LoadSample& sample);

 private:
  std::vector<bool> stalled_;      // by processor
  std::vector<bool> input_bound_;  // by dispatcher
};

}  // namespace lb::agent

#endif  // LB_AGENT_CONDITION_WATCH_H_
