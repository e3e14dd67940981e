#include "tests/balance/random_snapshot.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "balance/imbalance_index.h"

namespace lb::balance {
namespace {

std::uint64_t RandomLoad(Random& random, std::uint64_t kind) {
  switch (kind) {
    case 0:
      return 0;
    case 1:
      return 3'000'000;
    case 2:
      return random.Below(10'000'000);
    default:  // heavy tail: uniform in magnitude
      return random.Next() >> (34 + random.Below(30));
  }
}

double ImbalanceOf(const std::vector<std::uint64_t>& busy) {
  std::vector<ProcessorUsage> usage;
  for (std::uint64_t b : busy) usage.push_back({.busy_ns_per_s = b});
  return Imbalance(usage);
}

}  // namespace

Snapshot RandomSnapshot(Random& random) {
  Snapshot s;
  const std::uint64_t round = Random(random).Next();
  const std::uint64_t processors = 1 + random.Below(12);
  const bool unequal = random.OneIn(2);
  for (std::uint64_t i = 0; i < processors; ++i) {
    ProcessorState p;
    if (unequal)
      p.capacity_permille = 1 + static_cast<std::uint32_t>(random.Below(1'000));
    p.in_service = i == 0 || !random.OneIn(8);
    if (random.OneIn(3)) p.busy_ns_per_s = random.Below(1'000'000'000);
    s.processors.push_back(p);
  }
  const std::uint64_t kind = random.Below(4);
  const std::uint64_t buckets = 1 + random.Below(300);
  for (std::uint64_t b = 0; b < buckets; ++b) {
    BucketState bucket;
    bucket.owner =
        ProcessorId(static_cast<std::uint16_t>(random.Below(processors)));
    bucket.load_ns_per_s = RandomLoad(random, random.OneIn(3) ? 0 : kind);
    bucket.pinned = random.OneIn(20);
    bucket.resting = random.OneIn(20);
    if (random.OneIn(20)) {
      bucket.no_return =
          ProcessorId(static_cast<std::uint16_t>(random.Below(processors)));
    }
    // Of their own, so that what else is random stays as it was.
    bucket.connections =
        static_cast<std::uint32_t>(Random(round + b).Below(1'000));
    s.buckets.push_back(bucket);
  }
  return s;
}

Snapshot SkewedSnapshot(Random& random, const SkewOptions& options) {
  std::vector<double> weight;
  double sum = 0;
  for (std::uint32_t i = 0; i < options.loaded; ++i) {
    weight.push_back(1 / std::pow(i + 1, options.zipf));
    sum += weight.back();
  }
  for (;;) {
    Snapshot s;
    s.processors.resize(options.processors);
    s.buckets.resize(options.buckets);
    for (std::uint32_t b = 0; b < options.buckets; ++b) {
      s.buckets[b].owner =
          ProcessorId(static_cast<std::uint16_t>(b % options.processors));
    }
    std::vector<std::uint64_t> busy(options.processors, 0);
    for (double w : weight) {
      std::uint64_t b = random.Below(options.buckets);
      // Leaning to processor 0.
      if (random.OneIn(4)) b -= b % options.processors;
      const auto load =
          static_cast<std::uint64_t>(w / sum * 0.6e9 * options.processors);
      s.buckets[b].load_ns_per_s += load;
      ++s.buckets[b].connections;
      busy[s.buckets[b].owner.index()] += load;
    }
    const double imbalance = ImbalanceOf(busy);
    if (imbalance >= options.low && imbalance <= options.high) return s;
  }
}

}  // namespace lb::balance
