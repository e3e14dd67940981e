#include "cli/policy_text.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "balance/policy.h"
#include "cli/errors.h"
#include "cli/formatting.h"
#include "cli/policy_file.h"
#include "common/status.h"

namespace lb::cli {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

// The fields that people set; the others say which policy it is.
std::vector<const FieldDescriptor*> Keys() {
  const auto& type = *v1::Policy::descriptor();
  std::vector<const FieldDescriptor*> keys;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    const bool number = field->type() == FieldDescriptor::TYPE_UINT32;
    const bool word = field->type() == FieldDescriptor::TYPE_ENUM;
    if (number || word) keys.push_back(field);
  }
  return keys;
}

// "MODE_" of Mode, "PLANNER_KIND_" of PlannerKind: all but what its first
// value, ..._UNSPECIFIED, says.
std::string PrefixOf(const EnumDescriptor& type) {
  constexpr std::size_t kUnspecified = 11;
  const std::string& name = type.value(0)->name();
  return name.substr(0, name.size() - kUnspecified);
}

std::string WordOf(const EnumValueDescriptor& value) {
  return FormatEnum(value.name(), PrefixOf(*value.type()));
}

std::string WordsOf(const EnumDescriptor& type) {
  std::vector<std::string> words;
  for (int i = 1; i < type.value_count(); ++i) {
    words.push_back(WordOf(*type.value(i)));
  }
  return absl::StrJoin(words, ", ");
}

// Null: there is no such word.
const EnumValueDescriptor* FindWord(const EnumDescriptor& type,
                                    const std::string& word) {
  for (int i = 1; i < type.value_count(); ++i) {
    if (WordOf(*type.value(i)) == word) return type.value(i);
  }
  return nullptr;
}

absl::Status SetWord(const FieldDescriptor& field, const std::string& word,
                     v1::Policy& policy) {
  const EnumValueDescriptor* value = FindWord(*field.enum_type(), word);
  if (value == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        field.name(), " is \"", word, "\"; use ", WordsOf(*field.enum_type())));
  }
  policy.GetReflection()->SetEnum(&policy, &field, value);
  return absl::OkStatus();
}

absl::Status SetNumber(const FieldDescriptor& field, const std::string& text,
                       v1::Policy& policy) {
  std::uint32_t number = 0;
  if (!absl::SimpleAtoi(text, &number)) {
    return absl::InvalidArgumentError(absl::StrCat(
        field.name(), " is \"", text, "\"; use a whole number from 0"));
  }
  policy.GetReflection()->SetUInt32(&policy, &field, number);
  return absl::OkStatus();
}

absl::StatusOr<const FieldDescriptor*> FindKey(const std::string& key) {
  const std::vector<const FieldDescriptor*> keys = Keys();
  for (const FieldDescriptor* field : keys) {
    if (field->name() == key) return field;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "key \"", key, "\" is unknown; use ",
      absl::StrJoin(keys, ", ", [](std::string* out, const auto* field) {
        out->append(field->name());
      })));
}

template <class Duration>
std::uint32_t Count(Duration duration) {
  return static_cast<std::uint32_t>(duration.count());
}

v1::Policy ToMessage(const balance::Policy& from) {
  v1::Policy to;
  to.set_mode(static_cast<v1::Mode>(from.mode));
  to.set_planner(static_cast<v1::PlannerKind>(from.planner));
  to.set_report_interval_ms(Count(from.report_interval));
  to.set_half_life_ms(Count(from.half_life));
  to.set_warm_up_ms(Count(from.warm_up));
  to.set_trigger_permille(from.trigger_permille);
  to.set_target_permille(from.target_permille);
  to.set_floor_permille(from.floor_permille);
  to.set_z_permille(from.z_permille);
  to.set_max_moves_permille(from.max_moves_permille);
  to.set_bucket_cooldown_ms(Count(from.bucket_cooldown));
  to.set_return_time_ms(Count(from.return_time));
  to.set_min_gain_permille(from.min_gain_permille);
  to.set_damping_permille(from.damping_permille);
  to.set_fair_queue_quantum_us(Count(from.fair_queue_quantum));
  to.set_fair_queue_limit_packets(from.fair_queue_limit);
  return to;
}

// The enums are cast.
static_assert(static_cast<int>(balance::Mode::kAuto) == v1::MODE_AUTO &&
              static_cast<int>(balance::Mode::kAdvise) == v1::MODE_ADVISE &&
              static_cast<int>(balance::Mode::kOff) == v1::MODE_OFF);
static_assert(static_cast<int>(balance::PlannerKind::kIndex) ==
                  v1::PLANNER_KIND_INDEX &&
              static_cast<int>(balance::PlannerKind::kLoad) ==
                  v1::PLANNER_KIND_LOAD);

}  // namespace

Argument Planner(v1::PlannerKind& target) {
  return {.form = "index|load",
          .initial = "",
          .read = [&target](const std::string& text) {
            const EnumValueDescriptor* value =
                FindWord(*v1::PlannerKind_descriptor(), text);
            if (value == nullptr) {
              return absl::InvalidArgumentError(
                  absl::StrCat("planner \"", text, "\" is unknown; use ",
                               WordsOf(*v1::PlannerKind_descriptor())));
            }
            target = static_cast<v1::PlannerKind>(value->number());
            return absl::OkStatus();
          }};
}

absl::Status SetPolicyKey(const std::string& text,
                          v1::UpdatePolicyRequest& request) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" sets nothing; write KEY=VALUE, such as mode=advise"));
  }
  const std::string key = text.substr(0, equals);
  LB_ASSIGN_OR_RETURN(const FieldDescriptor* field, FindKey(key));
  auto& paths = *request.mutable_update_mask()->mutable_paths();
  if (std::find(paths.begin(), paths.end(), key) != paths.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("key \"", key, "\" is there twice; keep one"));
  }
  *paths.Add() = key;
  const std::string value = text.substr(equals + 1);
  v1::Policy& policy = *request.mutable_policy();
  return field->type() == FieldDescriptor::TYPE_ENUM
             ? SetWord(*field, value, policy)
             : SetNumber(*field, value, policy);
}

absl::StatusOr<v1::Policy> ReadPolicyFile(const std::string& path) {
  const absl::StatusOr<balance::Policy> policy = ParsePolicyFile(path);
  if (!policy.ok()) return UsageError(OneLine(policy.status()));
  return ToMessage(*policy);
}

void SetWholePolicy(const v1::Policy& policy,
                    v1::UpdatePolicyRequest& request) {
  *request.mutable_policy() = policy;
  for (const FieldDescriptor* field : Keys()) {
    request.mutable_update_mask()->add_paths(field->name());
  }
}

void PrintPolicy(const v1::Policy& policy, std::ostream& out) {
  out << FormatText(absl::StrCat("# ", policy.name(), ", revision ",
                                 policy.revision(), ", etag ", policy.etag()))
      << '\n';
  const auto& fields = *policy.GetReflection();
  for (const FieldDescriptor* key : Keys()) {
    out << key->name() << ": ";
    if (key->type() == FieldDescriptor::TYPE_ENUM) {
      out << WordOf(*fields.GetEnum(policy, key)) << '\n';
    } else {
      out << fields.GetUInt32(policy, key) << '\n';
    }
  }
}

}  // namespace lb::cli
