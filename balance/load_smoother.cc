#include "balance/load_smoother.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "balance/snapshot.h"
#include "common/int128.h"

namespace lb::balance {
namespace {

constexpr int kBits = 32;
constexpr std::uint64_t kOne = std::uint64_t{1} << kBits;

// 2^(-2^-k) in units of 2^-32, for k = 1..32.
constexpr std::array<std::uint64_t, kBits> kRoots = {
    3037000500, 3611622603, 3938502376, 4112874773, 4202935003, 4248701965,
    4271771996, 4283353945, 4289156690, 4292061010, 4293513907, 4294240540,
    4294603903, 4294785595, 4294876445, 4294921870, 4294944583, 4294955939,
    4294961618, 4294964457, 4294965876, 4294966586, 4294966941, 4294967119,
    4294967207, 4294967252, 4294967274, 4294967285, 4294967290, 4294967293,
    4294967295, 4294967295};

// load x part, with part in units of 2^-32.
std::uint64_t Part(std::uint64_t load, std::uint64_t part) {
  return static_cast<std::uint64_t>((Uint128{load} * part + kOne / 2) >> kBits);
}

}  // namespace

std::uint64_t DecayFactor(std::chrono::nanoseconds elapsed,
                          std::chrono::nanoseconds half_life) {
  if (elapsed.count() <= 0) return kOne;
  const auto time = static_cast<std::uint64_t>(elapsed.count());
  const auto half = static_cast<std::uint64_t>(half_life.count());
  const std::uint64_t halvings = time / half;
  if (halvings > kBits) return 0;
  // One factor for every bit of the fraction of a half-life.
  const auto fraction =
      static_cast<std::uint64_t>((Uint128{time % half} << kBits) / half);
  std::uint64_t factor = kOne;
  for (std::size_t k = 0; k < kBits; ++k) {
    if ((fraction >> (kBits - 1 - k) & 1) != 0) {
      factor = factor * kRoots[k] >> kBits;
    }
  }
  return factor >> halvings;
}

LoadSmoother::LoadSmoother(std::uint32_t buckets,
                           std::chrono::nanoseconds half_life)
    : half_life_(half_life), loads_(buckets, 0) {}

void LoadSmoother::Add(std::chrono::nanoseconds interval,
                       std::span<const BucketLoad> loads) {
  if (interval.count() <= 0) return;
  const std::uint64_t decay = DecayFactor(interval, half_life_);
  const std::uint64_t kept = weight_ * decay >> kBits;
  const std::uint64_t added = std::max<std::uint64_t>(kOne - decay, 1);
  weight_ = kept + added;
  // One division a report: thousands of agents send a thousand loads each.
  const std::uint64_t share = (added << kBits) / weight_;
  for (std::uint64_t& load : loads_) load -= Part(load, share);
  for (const BucketLoad& load : loads) {
    if (load.bucket.index() >= loads_.size()) continue;
    std::uint64_t& sum = loads_[load.bucket.index()];
    sum = std::min(sum + Part(std::min(load.load_ns_per_s, kMaxLoad), share),
                   kMaxLoad);
  }
}

}  // namespace lb::balance
