// Scenarios as people write them. Pure but for reading the file.
#ifndef LB_SIM_SCENARIO_YAML_H_
#define LB_SIM_SCENARIO_YAML_H_

#include <string>

#include "absl/status/statusor.h"
#include "sim/scenario.h"

namespace lb::sim {

// `yaml` is a map with the keys of docs/simulator.md; what is not named keeps
// its default. INVALID_ARGUMENT, in one line with key, value and range, for an
// unknown or repeated key and for a value that cannot be.
absl::StatusOr<Scenario> ParseScenario(const std::string& yaml);

// The same from a file, which errors name. A capture is looked for beside it,
// unless its path is absolute. Without a key `name` the file's name is taken.
absl::StatusOr<Scenario> ReadScenarioFile(const std::string& path);

}  // namespace lb::sim

#endif  // LB_SIM_SCENARIO_YAML_H_
