// The exact input of balance::Decide() but for the policy, as bytes and back,
// so that a stored decision can be replayed on any machine. Pure.
#ifndef LB_CONTROLLER_CORE_DECISION_INPUTS_H_
#define LB_CONTROLLER_CORE_DECISION_INPUTS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "balance/decision.h"

namespace lb::controller {

// Equal inputs give equal bytes: a format number, then every field in the
// order of its declaration; doubles by their eight bytes, so exactly.
// `over_trigger` is what the decision before returned.
std::string SerializeDecisionInputs(const balance::HostMeasurement& measurement,
                                    std::uint32_t over_trigger);

struct ParsedDecisionInputs {
  balance::HostMeasurement measurement;
  std::uint32_t over_trigger = 0;
};

// DATA_LOSS if the bytes are damaged, UNIMPLEMENTED if their format is newer.
absl::StatusOr<ParsedDecisionInputs> ParseDecisionInputs(
    std::string_view bytes);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_DECISION_INPUTS_H_
