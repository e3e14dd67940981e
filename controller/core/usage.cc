#include "controller/core/usage.h"

#include <algorithm>

namespace lb::controller {

std::vector<std::uint32_t> CountBuckets(const Table& table,
                                        std::size_t processors) {
  std::vector<std::uint32_t> counts(processors, 0);
  for (ProcessorId owner : table.owner) {
    if (owner.index() < processors) ++counts[owner.index()];
  }
  return counts;
}

std::uint64_t PerSecond(std::chrono::nanoseconds busy,
                        std::chrono::nanoseconds interval) {
  if (interval.count() <= 0 || busy.count() <= 0) return 0;
  // What an agent counts may be any number.
  constexpr double kMost = 1e19;
  return static_cast<std::uint64_t>(
      std::min(static_cast<double>(busy.count()) * 1e9 /
                   static_cast<double>(interval.count()),
               kMost));
}

std::vector<balance::ProcessorUsage> UsageOf(const LoadSample& load,
                                             const Table& table) {
  const auto counts = CountBuckets(table, load.processors.size());
  std::vector<balance::ProcessorUsage> usage;
  usage.reserve(load.processors.size());
  for (std::size_t i = 0; i < load.processors.size(); ++i) {
    const ProcessorLoad& processor = load.processors[i];
    usage.push_back(
        {.busy_ns_per_s = PerSecond(processor.busy, load.end - load.start),
         .capacity_permille =
             std::clamp(processor.capacity_permille, 1U, 1'000U),
         .buckets = counts[i],
         .in_service = processor.in_service});
  }
  return usage;
}

std::uint64_t HeaviestLoad(std::span<const BucketLoad> buckets) {
  std::uint64_t heaviest = 0;
  for (const BucketLoad& bucket : buckets) {
    heaviest = std::max(heaviest, bucket.load_ns_per_s);
  }
  return heaviest;
}

bool InputBound(const LoadSample& load) {
  const std::chrono::nanoseconds interval = load.end - load.start;
  return std::any_of(load.dispatchers.begin(), load.dispatchers.end(),
                     [&](const DispatcherLoad& dispatcher) {
                       return dispatcher.busy > interval / 10 * 9;
                     });
}

}  // namespace lb::controller
