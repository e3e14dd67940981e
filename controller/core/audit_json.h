// What the audit shows of a thing before and after a change: small JSON texts,
// for people and programs to read. Pure.
#ifndef LB_CONTROLLER_CORE_AUDIT_JSON_H_
#define LB_CONTROLLER_CORE_AUDIT_JSON_H_

#include <optional>
#include <string>

#include "balance/policy.h"
#include "controller/core/records.h"

namespace lb::controller {

// {"drained":[1],"pins":[{"bucket":5,"processor":2}],"pause":null}
std::string IntentJson(const HostIntent& intent);
// {"pause":null}, or {"pause":{"advise":false,"author":...,"reason":...}}
std::string PauseJson(const std::optional<Pause>& pause);
// Every field by its name in policy files; {} if there is none.
std::string PolicyJson(const std::optional<PolicyRecord>& policy);
// State, moves, and the digests of base, table and planner's inputs.
std::string PlanJson(const PlanRecord& plan);
std::string TermJson(Term term);
std::string BackupJson(const std::string& directory, std::uint64_t revision,
                       std::uint64_t bytes);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_AUDIT_JSON_H_
