#include "balance/evacuation.h"

#include <algorithm>

#include "balance/imbalance_index.h"

namespace lb::balance {
namespace {

std::vector<std::size_t> Leaving(const Snapshot& snapshot,
                                 const DraftTable& draft) {
  std::vector<std::size_t> leaving;
  if (std::all_of(snapshot.processors.begin(), snapshot.processors.end(),
                  [](const ProcessorState& p) { return p.in_service; })) {
    return leaving;
  }
  for (std::size_t b = 0; b < snapshot.buckets.size(); ++b) {
    if (!draft.usage(draft.owner(b)).in_service &&
        !snapshot.buckets[b].pinned) {
      leaving.push_back(b);
    }
  }
  std::stable_sort(leaving.begin(), leaving.end(),
                   [&draft](std::size_t a, std::size_t b) {
                     return draft.load(a) > draft.load(b);
                   });
  return leaving;
}

// Ties go to the lower index.
std::size_t LowestWith(std::uint64_t load, const DraftTable& draft) {
  std::size_t best = 0;
  ProcessorUsage best_usage{.in_service = false};
  for (std::size_t i = 0; i < draft.processors(); ++i) {
    ProcessorUsage usage = draft.usage(i);
    if (!usage.in_service) continue;
    // A bucket without load goes where there are fewest for the capacity.
    usage.busy_ns_per_s = load > 0 ? usage.busy_ns_per_s + load : usage.buckets;
    if (!best_usage.in_service || LessUtilized(usage, best_usage)) {
      best = i;
      best_usage = usage;
    }
  }
  return best;
}

}  // namespace

std::vector<Departure> PlanEvacuation(const Snapshot& snapshot,
                                      const DraftTable& draft) {
  std::vector<Departure> departures;
  const std::vector<std::size_t> leaving = Leaving(snapshot, draft);
  if (leaving.empty()) return departures;
  DraftTable table = draft;
  for (std::size_t b : leaving) {
    departures.push_back({b, LowestWith(table.load(b), table)});
    table.Move(b, departures.back().to);
  }
  return departures;
}

}  // namespace lb::balance
