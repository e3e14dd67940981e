#include "balance/imbalance_index.h"

#include <algorithm>
#include <numeric>

#include "common/int128.h"

namespace lb::balance {
namespace {

// busy / (capacity_permille x kNsPerPermille) is a utilization.
constexpr double kNsPerPermille = 1e6;
// Processors below U/8 count as if they ran at U/8.
constexpr std::uint32_t kLowestShare = 8;

struct Sums {
  std::uint64_t busy = 0;
  std::uint64_t capacity = 0;  // permille
};

Sums InService(std::span<const ProcessorUsage> processors) {
  Sums sums;
  for (const ProcessorUsage& p : processors) {
    if (!p.in_service) continue;
    sums.busy += p.busy_ns_per_s;
    sums.capacity += p.capacity_permille;
  }
  return sums;
}

// Widest product below: 8 x 2^62 x 2^10 x 2^16 x 2^24 = 2^115.
std::uint64_t IndexOfProcessor(const ProcessorUsage& p, const Sums& sums,
                               std::uint32_t buckets) {
  constexpr Uint128 kOne = Uint128{1} << ImbalanceIndex::kFractionBits;
  if (!p.in_service) return 0;
  if (p.buckets == 0) {
    return static_cast<std::uint64_t>(kOne * buckets * p.capacity_permille /
                                      sums.capacity);
  }
  if (sums.busy == 0) return static_cast<std::uint64_t>(kOne * p.buckets);
  // b U / max(U_i, U/8), with numerator and denominator times 8 C_i sum(C).
  const Uint128 system = Uint128{sums.busy} * p.capacity_permille;
  const Uint128 own = Uint128{kLowestShare} * p.busy_ns_per_s * sums.capacity;
  return static_cast<std::uint64_t>(kOne * p.buckets * kLowestShare * system /
                                    std::max(own, system));
}

struct Share {
  std::size_t processor;
  std::uint64_t remainder;
  bool holds_more;  // than the rounded-down share
};

// Gives out what rounding down left over.
void GiveRemainders(std::vector<Share>& shares, std::uint32_t left,
                    std::vector<std::uint32_t>& quota) {
  std::sort(shares.begin(), shares.end(), [](const Share& a, const Share& b) {
    if (a.remainder != b.remainder) return a.remainder > b.remainder;
    if (a.holds_more != b.holds_more) return a.holds_more;
    return a.processor < b.processor;
  });
  for (std::size_t i = 0; left > 0; i = (i + 1) % shares.size(), --left) {
    ++quota[shares[i].processor];
  }
}

// Whoever holds a bucket keeps one, at the cost of whoever has most to spare.
void KeepOneEach(std::span<const ProcessorUsage> processors,
                 std::vector<std::uint32_t>& quota) {
  const auto holds = [&](std::size_t i) {
    return processors[i].in_service && processors[i].buckets > 0;
  };
  for (std::size_t i = 0; i < processors.size(); ++i) {
    if (!holds(i) || quota[i] > 0) continue;
    std::size_t richest = i;
    std::uint32_t most = 0;
    for (std::size_t j = 0; j < processors.size(); ++j) {
      const std::uint32_t keeps = holds(j) ? 1 : 0;
      const std::uint32_t spare = quota[j] > keeps ? quota[j] - keeps : 0;
      if (spare > most) {
        most = spare;
        richest = j;
      }
    }
    --quota[richest];
    quota[i] = 1;
  }
}

std::vector<std::uint32_t> Quotas(std::span<const ProcessorUsage> processors,
                                  const ImbalanceIndex& index,
                                  std::uint32_t buckets) {
  std::vector<std::uint32_t> quota(processors.size(), 0);
  std::vector<Share> shares;
  std::uint32_t left = buckets;
  for (std::size_t i = 0; i < processors.size(); ++i) {
    if (!processors[i].in_service) continue;
    // At most 2^16 x 8 x 2^16 x 2^24.
    const std::uint64_t scaled = std::uint64_t{buckets} * index.index[i];
    quota[i] = static_cast<std::uint32_t>(scaled / index.total);
    left -= quota[i];
    shares.push_back(
        {i, scaled % index.total, processors[i].buckets > quota[i]});
  }
  GiveRemainders(shares, left, quota);
  KeepOneEach(processors, quota);
  return quota;
}

}  // namespace

double Utilization(const ProcessorUsage& processor) {
  return static_cast<double>(processor.busy_ns_per_s) /
         (processor.capacity_permille * kNsPerPermille);
}

double SystemUtilization(std::span<const ProcessorUsage> processors) {
  const Sums sums = InService(processors);
  if (sums.capacity == 0) return 0;
  return static_cast<double>(sums.busy) /
         (static_cast<double>(sums.capacity) * kNsPerPermille);
}

double Imbalance(std::span<const ProcessorUsage> processors) {
  const Sums sums = InService(processors);
  const ProcessorUsage* highest = nullptr;
  for (const ProcessorUsage& p : processors) {
    if (p.in_service && (highest == nullptr || LessUtilized(*highest, p))) {
      highest = &p;
    }
  }
  if (highest == nullptr || sums.busy == 0) return 1;
  return static_cast<double>(Uint128{highest->busy_ns_per_s} * sums.capacity) /
         static_cast<double>(Uint128{sums.busy} * highest->capacity_permille);
}

double Bound(std::span<const ProcessorUsage> processors,
             std::uint64_t heaviest_load_ns_per_s) {
  std::uint64_t busy = 0;
  std::uint32_t largest = 0;
  for (const ProcessorUsage& p : processors) {
    busy += p.busy_ns_per_s;
    if (p.in_service) largest = std::max(largest, p.capacity_permille);
  }
  if (busy == 0 || largest == 0) return 1;
  const Uint128 capacity = InService(processors).capacity;
  return std::max(1.0, static_cast<double>(heaviest_load_ns_per_s * capacity) /
                           static_cast<double>(Uint128{busy} * largest));
}

bool LessUtilized(const ProcessorUsage& a, const ProcessorUsage& b) {
  return Uint128{a.busy_ns_per_s} * b.capacity_permille <
         Uint128{b.busy_ns_per_s} * a.capacity_permille;
}

double ImbalanceIndex::IndexOf(std::size_t processor) const {
  return static_cast<double>(index[processor]) / (1 << kFractionBits);
}

double ImbalanceIndex::Total() const {
  return static_cast<double>(total) / (1 << kFractionBits);
}

ImbalanceIndex ComputeImbalanceIndex(std::span<const ProcessorUsage> processors,
                                     std::uint32_t buckets) {
  const Sums sums = InService(processors);
  ImbalanceIndex result;
  result.index.reserve(processors.size());
  for (const ProcessorUsage& p : processors) {
    result.index.push_back(IndexOfProcessor(p, sums, buckets));
  }
  result.total = std::accumulate(result.index.begin(), result.index.end(),
                                 std::uint64_t{0});
  result.quota = Quotas(processors, result, buckets);
  return result;
}

std::vector<std::uint64_t> QuotaLoads(
    std::span<const ProcessorUsage> processors, const ImbalanceIndex& index) {
  const Sums sums = InService(processors);
  std::uint32_t held = 0;
  for (const ProcessorUsage& p : processors) {
    if (p.in_service) held += p.buckets;
  }
  std::vector<std::uint64_t> loads(processors.size(), 0);
  if (index.total == 0 || sums.capacity == 0) return loads;
  for (std::size_t i = 0; i < processors.size(); ++i) {
    if (!processors[i].in_service) continue;
    const Uint128 system = Uint128{sums.busy} * processors[i].capacity_permille;
    const Uint128 load = (system * held << ImbalanceIndex::kFractionBits) /
                         (Uint128{index.total} * sums.capacity);
    loads[i] = static_cast<std::uint64_t>(std::min(load, Uint128{sums.busy}));
  }
  return loads;
}

}  // namespace lb::balance
