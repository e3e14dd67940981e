// Values of lb-agent's flags, from the text people write. Pure; any thread.
#ifndef LB_AGENT_FLAG_VALUES_H_
#define LB_AGENT_FLAG_VALUES_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace lb::agent {

// All return INVALID_ARGUMENT with the text and what to write instead.

// "0.25", "1" or "1/6", in CPUs, to the nearest thousandth; 0.001 to 1.
absl::StatusOr<std::uint32_t> ParseCapacityPermille(std::string_view text);

// "500ms", "60s", "5m"; at least 1 ms, at most a day.
absl::StatusOr<std::chrono::milliseconds> ParseMilliseconds(
    std::string_view text);

// "0-3,6": numbers of CPUs, in the order written, each once.
absl::StatusOr<std::vector<std::uint32_t>> ParseCpuList(std::string_view text);

// "key=value"; the key is not empty.
absl::StatusOr<std::pair<std::string, std::string>> ParseLabel(
    std::string_view text);

// A host's name as resource names have it: letters, digits, '.', '_' and '-',
// at most 253 of them, beginning with a letter or digit.
absl::StatusOr<std::string> ParseHostName(std::string_view text);

}  // namespace lb::agent

#endif  // LB_AGENT_FLAG_VALUES_H_
