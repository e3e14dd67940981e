#include "balance/policy_yaml.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <type_traits>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status.h"
#include "yaml-cpp/yaml.h"

namespace lb::balance {
namespace {

struct Field {
  const char* key;
  std::variant<std::chrono::milliseconds Policy::*,
               std::chrono::microseconds Policy::*, std::uint32_t Policy::*>
      member;
};

constexpr std::array<Field, 14> kFields = {{
    {"report_interval_ms", &Policy::report_interval},
    {"half_life_ms", &Policy::half_life},
    {"warm_up_ms", &Policy::warm_up},
    {"trigger_permille", &Policy::trigger_permille},
    {"target_permille", &Policy::target_permille},
    {"floor_permille", &Policy::floor_permille},
    {"z_permille", &Policy::z_permille},
    {"max_moves_permille", &Policy::max_moves_permille},
    {"bucket_cooldown_ms", &Policy::bucket_cooldown},
    {"return_time_ms", &Policy::return_time},
    {"min_gain_permille", &Policy::min_gain_permille},
    {"damping_permille", &Policy::damping_permille},
    {"fair_queue_quantum_us", &Policy::fair_queue_quantum},
    {"fair_queue_limit_packets", &Policy::fair_queue_limit},
}};

absl::Status SetNumber(const Field& field, const std::string& value,
                       Policy& policy) {
  std::uint32_t number = 0;
  if (!absl::SimpleAtoi(value, &number)) {
    return absl::InvalidArgumentError(absl::StrCat(
        field.key, " is \"", value, "\"; use a whole number from 0"));
  }
  std::visit(
      [&](auto member) {
        policy.*member =
            std::remove_reference_t<decltype(policy.*member)>(number);
      },
      field.member);
  return absl::OkStatus();
}

absl::Status SetField(const std::string& key, const std::string& value,
                      Policy& policy) {
  if (key == "mode") {
    LB_ASSIGN_OR_RETURN(policy.mode, ParseMode(value));
    return absl::OkStatus();
  }
  if (key == "planner") {
    LB_ASSIGN_OR_RETURN(policy.planner, ParsePlannerKind(value));
    return absl::OkStatus();
  }
  for (const Field& field : kFields) {
    if (key == field.key) return SetNumber(field, value, policy);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "key \"", key, "\" is unknown; use mode, planner, ",
      absl::StrJoin(kFields, ", ", [](std::string* out, const Field& field) {
        out->append(field.key);
      })));
}

absl::StatusOr<Policy> FromMap(const YAML::Node& map) {
  if (map.IsNull()) {
    return absl::InvalidArgumentError(
        "it is empty; write lines such as \"trigger_permille: 1100\"");
  }
  if (!map.IsMap()) {
    return absl::InvalidArgumentError(
        "a policy is a map; write lines such as \"trigger_permille: 1100\"");
  }
  Policy policy;
  std::set<std::string> seen;
  for (const auto& entry : map) {
    if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
      return absl::InvalidArgumentError(
          "every key of a policy has one value, a name or a number");
    }
    const std::string& key = entry.first.Scalar();
    if (!seen.insert(key).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("key \"", key, "\" is there twice; keep one"));
    }
    LB_RETURN_IF_ERROR(SetField(key, entry.second.Scalar(), policy));
  }
  LB_RETURN_IF_ERROR(ValidatePolicy(policy));
  return policy;
}

}  // namespace

absl::StatusOr<Policy> ParsePolicyYaml(const std::string& yaml) {
  // yaml-cpp reports by throwing; none of it leaves here.
  try {
    return FromMap(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is not YAML: ", error.what()));
  }
}

}  // namespace lb::balance
