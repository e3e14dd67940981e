// The report of a standalone run, as JSON. Pure; any thread.
#ifndef LB_AGENT_RUN_REPORT_H_
#define LB_AGENT_RUN_REPORT_H_

#include <string>
#include <string_view>

#include "dataplane/engine/engine.h"

namespace lb::agent {

// The name a parse result has in reports: "ok", "not_ip", ...
std::string_view ParseOutcomeName(dataplane::ParseResult result);

// One JSON object, in one line without its end: packets and bytes (served),
// parse (a count for every outcome; every packet read is in one of them),
// connections, processors[] (packets, busy_ns), buckets[] (packets), dropped
// (a count for every reason), sent, unsent (a count for every reason), lost,
// reordered, duplicated.
std::string FormatRunReport(const dataplane::EngineSummary& summary);

}  // namespace lb::agent

#endif  // LB_AGENT_RUN_REPORT_H_
