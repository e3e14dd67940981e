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

// Terms and epochs seen only rise, whichever store the plans come from: a
// plan's epoch is above the highest seen, its term not below, and where another
// store than the last plan's sends it, above. So of two stores that claim a
// host the one whose term is higher, the one that adopted it, is followed, and
// the other can no longer reach it. A controller that adopts a host knows both
// from its Hello, and numbers its plans from there.
//
// OK, or the first reason, in one line, why the plan must be refused:
// FAILED_PRECONDITION if it is unreadable, another host's, another store's, a
// term below the highest seen (or not above it, where the store is a new one),
// an epoch not above the highest seen, made for another table, a table that
// does not fit the layout or its own digest; DEADLINE_EXCEEDED if it expired.
absl::Status CheckPlan(const PlanCommand& command, const GuardView& view);

}  // namespace lb::agent

#endif  // LB_AGENT_PLAN_GUARD_H_
