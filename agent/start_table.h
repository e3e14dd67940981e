// Which table a host starts with. Pure; any thread.
#ifndef LB_AGENT_START_TABLE_H_
#define LB_AGENT_START_TABLE_H_

#include <string>

#include "agent/plan_file.h"
#include "common/table.h"

namespace lb::agent {

struct StartTable {
  Table table;
  // Why the saved table could not be kept; empty if it was, or if this is the
  // host's first start.
  std::string reason;
  bool new_key = false;  // it could not, because the key is another one
};

// The record's table if it fits the layout, else a fresh deal.
StartTable ChooseStartTable(const PlanRecord& record, const Layout& layout);

// The record of a host that starts with `start`: a plan that was being applied
// when the agent ended is rejected, for nothing of it is in force.
PlanRecord StartRecord(PlanRecord record, const StartTable& start);

}  // namespace lb::agent

#endif  // LB_AGENT_START_TABLE_H_
