#include "balance/policy.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::balance {
namespace {

// More than the buffers of any host.
constexpr std::int64_t kMaxFairQueueLimit = 16'777'216;

absl::Status InRange(std::string_view field, std::int64_t value,
                     std::int64_t low, std::int64_t high,
                     std::string_view unit) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("policy ", ToAbsl(field), " is ", value, " ", ToAbsl(unit),
                   "; use ", low, " to ", high));
}

}  // namespace

std::string_view ModeName(Mode mode) {
  switch (mode) {
    case Mode::kAuto:
      return "auto";
    case Mode::kAdvise:
      return "advise";
    case Mode::kOff:
      return "off";
  }
  return "unknown";
}

absl::StatusOr<Mode> ParseMode(std::string_view name) {
  for (Mode mode : {Mode::kAuto, Mode::kAdvise, Mode::kOff}) {
    if (name == ModeName(mode)) return mode;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "mode \"", ToAbsl(name), "\" is unknown; use auto, advise or off"));
}

std::string_view PlannerKindName(PlannerKind kind) {
  switch (kind) {
    case PlannerKind::kIndex:
      return "index";
    case PlannerKind::kLoad:
      return "load";
    case PlannerKind::kRsspp:
      return "rsspp";
    case PlannerKind::kStatic:
      return "static";
  }
  return "unknown";
}

absl::StatusOr<PlannerKind> ParsePlannerKind(std::string_view name) {
  for (PlannerKind kind : {PlannerKind::kIndex, PlannerKind::kLoad,
                           PlannerKind::kRsspp, PlannerKind::kStatic}) {
    if (name == PlannerKindName(kind)) return kind;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("planner \"", ToAbsl(name),
                   "\" is unknown; use index or load (or, for comparison, "
                   "rsspp or static)"));
}

absl::Status ValidatePolicy(const Policy& p) {
  // Enums may have been cast from what came over the wire.
  LB_RETURN_IF_ERROR(ParseMode(ModeName(p.mode)).status());
  LB_RETURN_IF_ERROR(ParsePlannerKind(PlannerKindName(p.planner)).status());
  if (p.planner == PlannerKind::kRsspp || p.planner == PlannerKind::kStatic) {
    return absl::InvalidArgumentError(
        absl::StrCat("policy planner is ", ToAbsl(PlannerKindName(p.planner)),
                     ", which is for comparison only; use index or load"));
  }
  LB_RETURN_IF_ERROR(
      InRange("report_interval", p.report_interval.count(), 100, 60'000, "ms"));
  LB_RETURN_IF_ERROR(
      InRange("half_life", p.half_life.count(), 100, 3'600'000, "ms"));
  LB_RETURN_IF_ERROR(InRange("warm_up", p.warm_up.count(), 0, 3'600'000, "ms"));
  LB_RETURN_IF_ERROR(
      InRange("trigger", p.trigger_permille, 1'000, 100'000, "permille"));
  LB_RETURN_IF_ERROR(
      InRange("target", p.target_permille, 1'000, 100'000, "permille"));
  if (p.target_permille > p.trigger_permille) {
    return absl::InvalidArgumentError(absl::StrCat(
        "policy target is ", p.target_permille,
        " permille; use at most the trigger, ", p.trigger_permille));
  }
  LB_RETURN_IF_ERROR(InRange("floor", p.floor_permille, 0, 1'000, "permille"));
  LB_RETURN_IF_ERROR(InRange("z", p.z_permille, 0, 6'000, "permille"));
  LB_RETURN_IF_ERROR(
      InRange("max_moves", p.max_moves_permille, 1, 1'000, "permille"));
  LB_RETURN_IF_ERROR(InRange("bucket_cooldown", p.bucket_cooldown.count(), 0,
                             86'400'000, "ms"));
  LB_RETURN_IF_ERROR(
      InRange("return_time", p.return_time.count(), 0, 86'400'000, "ms"));
  LB_RETURN_IF_ERROR(
      InRange("min_gain", p.min_gain_permille, 0, 100'000, "permille"));
  LB_RETURN_IF_ERROR(
      InRange("damping", p.damping_permille, 1, 1'000, "permille"));
  LB_RETURN_IF_ERROR(InRange("fair_queue_quantum", p.fair_queue_quantum.count(),
                             kMinQuantum.count(), kMaxQuantum.count(), "us"));
  return InRange("fair_queue_limit", p.fair_queue_limit, 0, kMaxFairQueueLimit,
                 "packets");
}

}  // namespace lb::balance
