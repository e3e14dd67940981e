// Planner inputs and outputs as JSON, one object a line. Pure; any thread.
#ifndef LB_CLI_SNAPSHOT_JSON_H_
#define LB_CLI_SNAPSHOT_JSON_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "balance/planner.h"
#include "balance/snapshot.h"
#include "nlohmann/json.hpp"

namespace lb::cli {

struct SnapshotLine {
  balance::Snapshot snapshot;
  std::optional<nlohmann::ordered_json> name;  // echoed in the answer
};

// Reads
//   processors   a count, or an array of {"capacity":c}, c in CPUs from 0.001
//                to 1, 1 if left out
//   load         per bucket, CPUs
//   assignment   per bucket, number of a processor
//   connections  optional: per bucket, open ones
//   utilization  optional: per processor, part of its capacity; empty: derived
//                from the loads
// Other fields may be there. INVALID_ARGUMENT, naming the field and what is
// wrong, for anything else.
absl::StatusOr<SnapshotLine> ParseSnapshotLine(std::string_view line);

// One line, without its end, in a fixed order of fields.
std::string FormatProposal(const SnapshotLine& input,
                           const balance::Proposal& proposal,
                           std::chrono::nanoseconds solve_time);

}  // namespace lb::cli

#endif  // LB_CLI_SNAPSHOT_JSON_H_
