// Whether a plan may be applied. Pure; any thread.
#ifndef LB_AGENT_PLAN_GUARD_H_
#define LB_AGENT_PLAN_GUARD_H_

#include <string>

#include "absl/status/status.h"
#include "agent/messages.h"
#include "agent/plan_file.h"
#include "common/clock.h"
#include "common/table.h"

namespace lb::agent {

// What a plan is held against. Borrowed for the call.
struct GuardView {
  const PlanRecord& record;
  const Layout& layout;
  Digest table;          // of the table in force
  std::string store_id;  // of the session's Welcome
  MonotonicTime received;
  MonotonicTime now;
};

// OK, or FAILED_PRECONDITION with the first reason, in one line, why the plan
// must be refused: unreadable, another host's, another store's, a term below
// the highest seen (or not above it, where the store is a new one), an epoch
// not above the highest seen, expired, made for another table, a table that
// does not fit the layout or its own digest.
absl::Status CheckPlan(const PlanCommand& command, const GuardView& view);

}  // namespace lb::agent

#endif  // LB_AGENT_PLAN_GUARD_H_
