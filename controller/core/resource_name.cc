#include "controller/core/resource_name.h"

#include <charconv>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "common/table.h"
#include "controller/core/host_session.h"

namespace lb::controller {
namespace {

absl::Status BadName(std::string_view name, std::string_view form) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", ToAbsl(name.substr(0, 200)),
                   "\" is not a name here; use ", ToAbsl(form)));
}

// One name for one thing: digits only, and no zero in front.
bool ParseNumber(const std::string& text, std::uint64_t max,
                 std::uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end && number <= max &&
         (text[0] != '0' || text.size() == 1);
}

struct Child {
  std::string host;
  std::string collection;
  std::uint64_t number = 0;
};

// hosts/HOST/COLLECTION/NUMBER.
absl::StatusOr<Child> ParseChild(std::string_view name, std::uint64_t min,
                                 std::uint64_t max, std::string_view form) {
  const std::vector<std::string> parts = absl::StrSplit(ToAbsl(name), '/');
  Child child;
  if (parts.size() != 4 || parts[0] != "hosts" ||
      !ValidateHostName(parts[1]).ok() ||
      !ParseNumber(parts[3], max, child.number) || child.number < min) {
    return BadName(name, form);
  }
  child.host = parts[1];
  child.collection = parts[2];
  return child;
}

constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();

}  // namespace

absl::StatusOr<std::string> ParseHostName(std::string_view name) {
  const std::vector<std::string> parts = absl::StrSplit(ToAbsl(name), '/');
  if (parts.size() != 2 || parts[0] != "hosts" ||
      !ValidateHostName(parts[1]).ok()) {
    return BadName(name, "hosts/HOST");
  }
  return parts[1];
}

absl::StatusOr<std::string> ParseParent(std::string_view parent) {
  if (parent == "hosts/-") return std::string();
  auto host = ParseHostName(parent);
  if (!host.ok()) return BadName(parent, "hosts/HOST, or hosts/- for all");
  return host;
}

absl::StatusOr<PlanResource> ParsePlanName(std::string_view name) {
  constexpr std::string_view kForm =
      "hosts/HOST/plans/EPOCH or hosts/HOST/proposals/ID";
  LB_ASSIGN_OR_RETURN(Child child, ParseChild(name, 1, kMaxNumber, kForm));
  if (child.collection != "plans" && child.collection != "proposals") {
    return BadName(name, kForm);
  }
  return PlanResource{std::move(child.host), child.collection == "proposals",
                      child.number};
}

absl::StatusOr<DecisionResource> ParseDecisionName(std::string_view name) {
  constexpr std::string_view kForm = "hosts/HOST/decisions/REVISION";
  LB_ASSIGN_OR_RETURN(Child child, ParseChild(name, 1, kMaxNumber, kForm));
  if (child.collection != "decisions") return BadName(name, kForm);
  return DecisionResource{std::move(child.host), child.number};
}

std::string DecisionName(std::string_view host, std::uint64_t revision) {
  return absl::StrCat("hosts/", ToAbsl(host), "/decisions/", revision);
}

absl::StatusOr<VerdictResource> ParseVerdictName(std::string_view name) {
  if (auto plan = ParsePlanName(name); plan.ok()) return *std::move(plan);
  if (auto decision = ParseDecisionName(name); decision.ok()) {
    return *std::move(decision);
  }
  return BadName(name,
                 "hosts/HOST/plans/EPOCH, hosts/HOST/proposals/ID or "
                 "hosts/HOST/decisions/REVISION");
}

absl::StatusOr<ProcessorResource> ParseProcessorName(std::string_view name) {
  constexpr std::string_view kForm = "hosts/HOST/processors/INDEX";
  LB_ASSIGN_OR_RETURN(Child child,
                      ParseChild(name, 0, kMaxProcessors - 1, kForm));
  if (child.collection != "processors") return BadName(name, kForm);
  return ProcessorResource{
      std::move(child.host),
      ProcessorId(static_cast<ProcessorId::rep>(child.number))};
}

absl::StatusOr<BucketResource> ParseBucketName(std::string_view name) {
  constexpr std::string_view kForm = "hosts/HOST/buckets/BUCKET";
  LB_ASSIGN_OR_RETURN(Child child, ParseChild(name, 0, kMaxBuckets - 1, kForm));
  if (child.collection != "buckets") return BadName(name, kForm);
  return BucketResource{std::move(child.host),
                        BucketId(static_cast<BucketId::rep>(child.number))};
}

absl::StatusOr<std::string> ParsePolicyName(std::string_view name) {
  if (name == "policies/default") return std::string();
  const std::vector<std::string> parts = absl::StrSplit(ToAbsl(name), '/');
  if (parts.size() != 3 || parts[0] != "hosts" ||
      !ValidateHostName(parts[1]).ok() || parts[2] != "policy") {
    return BadName(name, "policies/default or hosts/HOST/policy");
  }
  return parts[1];
}

std::string PolicyName(std::string_view host) {
  if (host.empty()) return "policies/default";
  return absl::StrCat("hosts/", ToAbsl(host), "/policy");
}

}  // namespace lb::controller
