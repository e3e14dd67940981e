#include "controller/core/audit_json.h"

#include <cstdint>

#include "absl/strings/str_format.h"
#include "controller/core/audit.h"
#include "nlohmann/json.hpp"

namespace lb::controller {
namespace {

using Json = nlohmann::ordered_json;

// What is not UTF-8, from a store of old, is replaced rather than thrown at.
std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json Of(const std::optional<Pause>& pause) {
  if (!pause) return nullptr;
  return {{"advise", pause->advise},
          {"author", pause->author},
          {"reason", pause->reason}};
}

std::string Hex(Digest digest) {
  return absl::StrFormat("%016x", digest.value());
}

}  // namespace

std::string IntentJson(const HostIntent& intent) {
  Json drained = Json::array();
  for (const ProcessorId processor : intent.drained) {
    drained.push_back(processor.value());
  }
  Json pins = Json::array();
  for (const Pin& pin : intent.pins) {
    pins.push_back(
        {{"bucket", pin.bucket.value()}, {"processor", pin.processor.value()}});
  }
  return Text(
      Json{{"drained", drained}, {"pins", pins}, {"pause", Of(intent.pause)}});
}

std::string PauseJson(const std::optional<Pause>& pause) {
  return Text(Json{{"pause", Of(pause)}});
}

std::string PolicyJson(const std::optional<PolicyRecord>& policy) {
  if (!policy) return "{}";
  const balance::Policy& p = policy->policy;
  return Text(Json{{"mode", balance::ModeName(p.mode)},
                   {"planner", balance::PlannerKindName(p.planner)},
                   {"report_interval_ms", p.report_interval.count()},
                   {"half_life_ms", p.half_life.count()},
                   {"warm_up_ms", p.warm_up.count()},
                   {"trigger_permille", p.trigger_permille},
                   {"target_permille", p.target_permille},
                   {"floor_permille", p.floor_permille},
                   {"z_permille", p.z_permille},
                   {"max_moves_permille", p.max_moves_permille},
                   {"bucket_cooldown_ms", p.bucket_cooldown.count()},
                   {"return_time_ms", p.return_time.count()},
                   {"min_gain_permille", p.min_gain_permille},
                   {"damping_permille", p.damping_permille},
                   {"fair_queue_quantum_us", p.fair_queue_quantum.count()},
                   {"fair_queue_limit_packets", p.fair_queue_limit}});
}

std::string PlanJson(const PlanRecord& plan) {
  Json json{{"state", PlanStateName(plan.state)},
            {"moves", plan.moves.size()},
            {"base", Hex(plan.base)},
            {"digest", Hex(plan.digest)}};
  if (!plan.inputs.bytes.empty()) {
    json["inputs_sha256"] = ToHex(HashOf(plan.inputs.bytes));
  }
  return Text(json);
}

std::string TermJson(Term term) { return Text(Json{{"term", term.value()}}); }

std::string BackupJson(const std::string& directory, std::uint64_t revision,
                       std::uint64_t bytes) {
  return Text(
      Json{{"directory", directory}, {"revision", revision}, {"bytes", bytes}});
}

}  // namespace lb::controller
