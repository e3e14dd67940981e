// A plan record as JSON text, and back. Pure; any thread.
#ifndef LB_AGENT_PLAN_RECORD_JSON_H_
#define LB_AGENT_PLAN_RECORD_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "agent/plan_file.h"

namespace lb::agent {

std::string PlanRecordToJson(const PlanRecord& record);

// INVALID_ARGUMENT, naming what is wrong, unless `text` is a whole record.
absl::StatusOr<PlanRecord> PlanRecordFromJson(std::string_view text);

}  // namespace lb::agent

#endif  // LB_AGENT_PLAN_RECORD_JSON_H_
