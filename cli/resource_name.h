// Names of things in the API, and what people write instead. Pure; any thread.
#ifndef LB_CLI_RESOURCE_NAME_H_
#define LB_CLI_RESOURCE_NAME_H_

#include <string>

#include "absl/status/statusor.h"
#include "cli/argument.h"

namespace lb::cli {

// "hosts/-": all hosts.
inline constexpr char kAllHosts[] = "hosts/-";

// "a" or "hosts/a", as "hosts/a". INVALID_ARGUMENT for anything else.
absl::StatusOr<std::string> HostResource(const std::string& text);
// "a/7" or "hosts/a/plans/7", as the latter.
absl::StatusOr<std::string> PlanResource(const std::string& text);
// A plan as above, or the full name of a proposal.
absl::StatusOr<std::string> PlanOrProposalResource(const std::string& text);
// Those, and the full name of a decision.
absl::StatusOr<std::string> DecisionResource(const std::string& text);
// "hosts/a/proposals/3".
absl::StatusOr<std::string> ProposalResource(const std::string& text);

// "hosts/a" as "a", "hosts/a/plans/7" as "a/7"; anything else as it is. Fit for
// a terminal.
std::string ShortName(const std::string& resource);

// HOST as an argument, kept as "hosts/HOST".
Argument HostName(std::string& target);

}  // namespace lb::cli

#endif  // LB_CLI_RESOURCE_NAME_H_
