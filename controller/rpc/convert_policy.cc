#include "controller/rpc/convert_policy.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace lb::controller {
namespace {

using google::protobuf::FieldDescriptor;

static_assert(static_cast<int>(balance::Mode::kAuto) == v1::MODE_AUTO);
static_assert(static_cast<int>(balance::Mode::kAdvise) == v1::MODE_ADVISE);
static_assert(static_cast<int>(balance::Mode::kOff) == v1::MODE_OFF);
static_assert(static_cast<int>(balance::PlannerKind::kIndex) ==
              v1::PLANNER_KIND_INDEX);
static_assert(static_cast<int>(balance::PlannerKind::kLoad) ==
              v1::PLANNER_KIND_LOAD);

// Every field but those that the controller gives.
bool IsSetting(const FieldDescriptor& field) {
  return field.name() != "revision" && field.name() != "name" &&
         field.name() != "etag";
}

std::vector<std::string> SettingNames() {
  std::vector<std::string> names;
  const auto& policy = *v1::Policy::descriptor();
  for (int i = 0; i < policy.field_count(); ++i) {
    if (IsSetting(*policy.field(i))) names.push_back(policy.field(i)->name());
  }
  return names;
}

std::vector<const FieldDescriptor*> SetFields(const v1::Policy& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::erase_if(
      fields, [](const FieldDescriptor* field) { return !IsSetting(*field); });
  return fields;
}

absl::StatusOr<std::vector<const FieldDescriptor*>> MaskedFields(
    const google::protobuf::FieldMask& mask) {
  std::vector<const FieldDescriptor*> fields;
  for (const std::string& path : mask.paths()) {
    const FieldDescriptor* field =
        v1::Policy::descriptor()->FindFieldByName(path);
    if (field == nullptr || !IsSetting(*field)) {
      return absl::InvalidArgumentError(
          absl::StrCat("update_mask names \"", path,
                       "\", which is no setting of a policy; use ",
                       absl::StrJoin(SettingNames(), ", ")));
    }
    fields.push_back(field);
  }
  return fields;
}

// Every setting is a number or a name from an enumeration.
void CopyField(const FieldDescriptor& field, const v1::Policy& from,
               v1::Policy& to) {
  const google::protobuf::Reflection& reflection = *to.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    reflection.SetEnumValue(&to, &field, reflection.GetEnumValue(from, &field));
  } else {
    reflection.SetUInt32(&to, &field, reflection.GetUInt32(from, &field));
  }
}

PolicyChanger Copier(std::vector<const FieldDescriptor*> fields,
                     const v1::Policy& message) {
  return [fields = std::move(fields), message](balance::Policy& policy) {
    v1::Policy changed;
    FillPolicy({.policy = policy}, changed);
    for (const FieldDescriptor* field : fields) {
      CopyField(*field, message, changed);
    }
    absl::StatusOr<balance::Policy> result = PolicyFrom(changed);
    if (result.ok()) policy = *result;
    return result.status();
  };
}

}  // namespace

void FillPolicy(const PolicyRecord& record, v1::Policy& message) {
  const balance::Policy& policy = record.policy;
  const auto ms = [](std::chrono::milliseconds time) {
    return static_cast<std::uint32_t>(time.count());
  };
  message.set_revision(record.revision);
  message.set_mode(static_cast<v1::Mode>(policy.mode));
  message.set_planner(static_cast<v1::PlannerKind>(policy.planner));
  message.set_report_interval_ms(ms(policy.report_interval));
  message.set_half_life_ms(ms(policy.half_life));
  message.set_warm_up_ms(ms(policy.warm_up));
  message.set_trigger_permille(policy.trigger_permille);
  message.set_target_permille(policy.target_permille);
  message.set_floor_permille(policy.floor_permille);
  message.set_z_permille(policy.z_permille);
  message.set_max_moves_permille(policy.max_moves_permille);
  message.set_bucket_cooldown_ms(ms(policy.bucket_cooldown));
  message.set_return_time_ms(ms(policy.return_time));
  message.set_min_gain_permille(policy.min_gain_permille);
  message.set_damping_permille(policy.damping_permille);
  message.set_fair_queue_quantum_us(
      static_cast<std::uint32_t>(policy.fair_queue_quantum.count()));
  message.set_fair_queue_limit_packets(policy.fair_queue_limit);
}

void FillNamedPolicy(const NamedPolicy& policy, v1::Policy& message) {
  FillPolicy(policy.record, message);
  message.set_name(policy.name);
  message.set_etag(EtagOf(policy.record));
}

absl::StatusOr<balance::PlannerKind> PlannerKindFrom(v1::PlannerKind planner) {
  if (planner != v1::PLANNER_KIND_UNSPECIFIED &&
      v1::PlannerKind_IsValid(planner)) {
    return static_cast<balance::PlannerKind>(planner);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("planner is ", static_cast<int>(planner),
                   "; use PLANNER_KIND_INDEX or PLANNER_KIND_LOAD"));
}

absl::StatusOr<balance::Policy> PolicyFrom(const v1::Policy& message) {
  if (message.mode() == v1::MODE_UNSPECIFIED ||
      !v1::Mode_IsValid(message.mode())) {
    return absl::InvalidArgumentError(
        absl::StrCat("mode is ", static_cast<int>(message.mode()),
                     "; use MODE_AUTO, MODE_ADVISE or MODE_OFF"));
  }
  using std::chrono::milliseconds;
  balance::Policy policy;
  policy.mode = static_cast<balance::Mode>(message.mode());
  LB_ASSIGN_OR_RETURN(policy.planner, PlannerKindFrom(message.planner()));
  policy.report_interval = milliseconds(message.report_interval_ms());
  policy.half_life = milliseconds(message.half_life_ms());
  policy.warm_up = milliseconds(message.warm_up_ms());
  policy.trigger_permille = message.trigger_permille();
  policy.target_permille = message.target_permille();
  policy.floor_permille = message.floor_permille();
  policy.z_permille = message.z_permille();
  policy.max_moves_permille = message.max_moves_permille();
  policy.bucket_cooldown = milliseconds(message.bucket_cooldown_ms());
  policy.return_time = milliseconds(message.return_time_ms());
  policy.min_gain_permille = message.min_gain_permille();
  policy.damping_permille = message.damping_permille();
  policy.fair_queue_quantum =
      std::chrono::microseconds(message.fair_queue_quantum_us());
  policy.fair_queue_limit = message.fair_queue_limit_packets();
  return policy;
}

absl::StatusOr<PolicyChanger> PolicyPatch(
    const v1::Policy& message, const google::protobuf::FieldMask& mask) {
  if (mask.paths().empty()) {
    if (SetFields(message).empty()) {
      return absl::InvalidArgumentError(
          "the policy sets nothing; name fields that are to be zero in "
          "update_mask");
    }
    return PolicyOverlay(message);
  }
  LB_ASSIGN_OR_RETURN(std::vector<const FieldDescriptor*> fields,
                      MaskedFields(mask));
  return Copier(std::move(fields), message);
}

PolicyChanger PolicyOverlay(const v1::Policy& message) {
  return Copier(SetFields(message), message);
}

}  // namespace lb::controller
