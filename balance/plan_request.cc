#include "balance/plan_request.h"

#include <algorithm>
#include <cstdint>

#include "balance/thresholds.h"

namespace lb::balance {

PlanRequest RequestFor(const Policy& policy, std::uint32_t buckets,
                       const Decision& decision) {
  const std::uint64_t budget =
      std::uint64_t{buckets} * policy.max_moves_permille / 1'000;
  const Thresholds thresholds = ThresholdsAt(policy, decision.lowest_maximum());
  return {.target_permille = thresholds.target_permille,
          .tolerated_permille = decision.verdict == Verdict::kImbalance
                                    ? thresholds.tolerated_permille
                                    : 0,
          .max_moves =
              static_cast<std::uint32_t>(std::max<std::uint64_t>(budget, 1)),
          .damping_permille = policy.damping_permille};
}

}  // namespace lb::balance
