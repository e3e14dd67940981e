#include "controller/core/records.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"

namespace lb::controller {
namespace {

constexpr std::array<std::string_view, 10> kStateNames = {
    "",         "PROPOSED", "SENT",       "APPLIED", "PARTIAL",
    "REJECTED", "EXPIRED",  "SUPERSEDED", "UNKNOWN", "MEASURED"};

constexpr std::array<std::string_view, kEventKinds + 1> kKindNames = {
    "",
    "CONTROLLER_STARTED",
    "POLICY_CHANGED",
    "HOST_CONNECTED",
    "HOST_DISCONNECTED",
    "HOST_FENCED",
    "DUPLICATE_HOST",
    "TABLE_CHANGED",
    "NOT_PLANNED",
    "PLAN_PROPOSED",
    "PLAN_SENT",
    "PLAN_APPLIED",
    "PLAN_PARTIAL",
    "PLAN_REJECTED",
    "PLAN_EXPIRED",
    "PLAN_SUPERSEDED",
    "PLAN_UNKNOWN",
    "PLAN_MEASURED",
    "AGENT_STALL",
    "AGENT_INPUT_BOUND",
    "AGENT_NEW_KEY",
    "HOST_FORGOTTEN",
    "PROCESSOR_DRAINED",
    "PROCESSOR_UNDRAINED",
    "BUCKET_PINNED",
    "BUCKET_UNPINNED",
    "BALANCE_PAUSED",
    "BALANCE_RESUMED",
    "BALANCE_HALTED",
    "CONTROLLER_ADOPTED",
    "BACKED_UP",
    "ACCESS_CHANGED",
    "ACCESS_REFUSED",
    "CONFIGURATION_RELOADED",
    "CONFIGURATION_REFUSED",
    "BUCKET_UNSPLITTABLE"};

template <class Enum, std::size_t n>
absl::StatusOr<Enum> ParseName(const std::array<std::string_view, n>& names,
                               std::string_view name, std::string_view what) {
  for (std::size_t i = 1; i < n; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(what), " \"", ToAbsl(name), "\" is unknown"));
}

}  // namespace

std::string_view PlanStateName(PlanState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

absl::StatusOr<PlanState> ParsePlanState(std::string_view name) {
  return ParseName<PlanState>(kStateNames, name, "plan state");
}

bool IsOpen(PlanState state) {
  return state == PlanState::kSent || state == PlanState::kUnknown;
}

bool CanFollow(PlanState from, PlanState to) {
  switch (to) {
    case PlanState::kProposed:
      return false;
    case PlanState::kSent:
      return from == PlanState::kProposed;
    case PlanState::kUnknown:
      return from == PlanState::kSent;
    case PlanState::kApplied:
    case PlanState::kPartial:
    case PlanState::kRejected:
    case PlanState::kExpired:
      return IsOpen(from);
    case PlanState::kSuperseded:
      return IsOpen(from) || from == PlanState::kProposed;
    case PlanState::kMeasured:
      return from == PlanState::kApplied || from == PlanState::kPartial;
  }
  return false;
}

std::string DescribePolicy(const balance::Policy& policy) {
  return absl::StrFormat(
      "mode %s, planner %s, report interval %d ms, half life %d ms, warm-up %d "
      "ms, trigger %d, target %d, floor %d, z %d, max moves %d, cooldown %d "
      "ms, return time %d ms, min gain %d, damping %d (permille), "
      "fair queue quantum %d us, limit %d packets",
      ToAbsl(balance::ModeName(policy.mode)),
      ToAbsl(balance::PlannerKindName(policy.planner)),
      policy.report_interval.count(), policy.half_life.count(),
      policy.warm_up.count(), policy.trigger_permille, policy.target_permille,
      policy.floor_permille, policy.z_permille, policy.max_moves_permille,
      policy.bucket_cooldown.count(), policy.return_time.count(),
      policy.min_gain_permille, policy.damping_permille,
      policy.fair_queue_quantum.count(), policy.fair_queue_limit);
}

std::string PlanName(const PlanRecord& plan) {
  return plan.epoch == Epoch()
             ? absl::StrCat("hosts/", plan.host, "/proposals/", plan.id)
             : absl::StrCat("hosts/", plan.host, "/plans/", plan.epoch.value());
}

std::string_view EventKindName(EventKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

absl::StatusOr<EventKind> ParseEventKind(std::string_view name) {
  return ParseName<EventKind>(kKindNames, name, "event kind");
}

EventKind EventOf(PlanState state) {
  switch (state) {
    case PlanState::kProposed:
      return EventKind::kPlanProposed;
    case PlanState::kSent:
      return EventKind::kPlanSent;
    case PlanState::kApplied:
      return EventKind::kPlanApplied;
    case PlanState::kPartial:
      return EventKind::kPlanPartial;
    case PlanState::kRejected:
      return EventKind::kPlanRejected;
    case PlanState::kExpired:
      return EventKind::kPlanExpired;
    case PlanState::kSuperseded:
      return EventKind::kPlanSuperseded;
    case PlanState::kUnknown:
      return EventKind::kPlanUnknown;
    case PlanState::kMeasured:
      return EventKind::kPlanMeasured;
  }
  return EventKind::kPlanUnknown;
}

}  // namespace lb::controller
