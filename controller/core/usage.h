// How much of each processor a report says was used. Pure.
#ifndef LB_CONTROLLER_CORE_USAGE_H_
#define LB_CONTROLLER_CORE_USAGE_H_

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "balance/imbalance_index.h"
#include "common/load.h"
#include "common/table.h"

namespace lb::controller {

// Buckets each of `processors` processors holds.
std::vector<std::uint32_t> CountBuckets(const Table& table,
                                        std::size_t processors);

// `busy` over an interval, per second.
std::uint64_t PerSecond(std::chrono::nanoseconds busy,
                        std::chrono::nanoseconds interval);

// One element per processor of the report; `table` is the one in force. The
// measured capacity counts, at least one permille.
std::vector<balance::ProcessorUsage> UsageOf(const LoadSample& load,
                                             const Table& table);

// Load of the heaviest bucket listed; 0 if none is.
std::uint64_t HeaviestLoad(std::span<const BucketLoad> buckets);

// Whether a dispatcher was busy for more than 0.9 of the interval: workers
// then look even while packets die upstream.
bool InputBound(const LoadSample& load);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_USAGE_H_
