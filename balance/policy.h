// How a host is to be balanced: what an operator sets. Pure values; every
// number an integer, so that a decision can be replayed exactly.
#ifndef LB_BALANCE_POLICY_H_
#define LB_BALANCE_POLICY_H_

#include <chrono>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/fair_queue_limits.h"

namespace lb::balance {

enum class Mode : std::uint8_t {
  kAuto = 1,    // plans are made and carried out
  kAdvise = 2,  // plans are made and kept as proposals
  kOff = 3,     // nothing is planned
};
// Numbers are stored: never reuse one.
enum class PlannerKind : std::uint8_t {
  kIndex = 1,
  kLoad = 2,
  // For comparison; no policy may name them.
  kRsspp = 3,
  kStatic = 4,
};

std::string_view ModeName(Mode mode);  // "auto", "advise", "off"
absl::StatusOr<Mode> ParseMode(std::string_view name);
// "index", "load", "rsspp", "static".
std::string_view PlannerKindName(PlannerKind kind);
absl::StatusOr<PlannerKind> ParsePlannerKind(std::string_view name);

// "_permille" are thousandths; trigger and target multiply the bound.
struct Policy {
  Mode mode = Mode::kAuto;
  PlannerKind planner = PlannerKind::kLoad;
  std::chrono::milliseconds report_interval{1'000};  // 100 ms to 60 s
  std::chrono::milliseconds half_life{3'000};  // of bucket loads' smoothing
  // Reports of so long a time must be in before a host that has just
  // connected is planned.
  std::chrono::milliseconds warm_up{5'000};
  std::uint32_t trigger_permille = 1'100;
  std::uint32_t target_permille = 1'030;
  std::uint32_t floor_permille = 100;     // of system utilization
  std::uint32_t z_permille = 2'000;       // significance, before the correction
  std::uint32_t max_moves_permille = 50;  // of N, per plan
  std::chrono::milliseconds bucket_cooldown{10'000};
  std::chrono::milliseconds return_time{60'000};
  std::uint32_t min_gain_permille = 10;  // of imbalance, predicted
  std::uint32_t damping_permille = 800;  // index planner: part of a step taken
  // What agents set at their processors; see FairQueueLimits.
  std::chrono::microseconds fair_queue_quantum = kDefaultQuantum;
  std::uint32_t fair_queue_limit = 0;  // packets; 0: what the buffers allow

  friend bool operator==(const Policy&, const Policy&) = default;
};

// INVALID_ARGUMENT naming the field, its value and the range it must be in.
// The planners that exist for comparison only are out of range.
absl::Status ValidatePolicy(const Policy& policy);

}  // namespace lb::balance

#endif  // LB_BALANCE_POLICY_H_
