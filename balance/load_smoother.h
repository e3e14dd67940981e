// Bucket loads, smoothed exponentially across reports and plans: a load
// belongs to the bucket, whoever owns it. Deterministic integer arithmetic, no
// clock. Thread-compatible.
#ifndef LB_BALANCE_LOAD_SMOOTHER_H_
#define LB_BALANCE_LOAD_SMOOTHER_H_

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "common/load.h"

namespace lb::balance {

// 2^(-elapsed / half_life) in units of 2^-32; 2^32 (all kept) for elapsed 0.
// `half_life` is positive.
std::uint64_t DecayFactor(std::chrono::nanoseconds elapsed,
                          std::chrono::nanoseconds half_life);

class LoadSmoother {
 public:
  LoadSmoother(std::uint32_t buckets, std::chrono::nanoseconds half_life);

  // Takes in one interval's loads. A bucket that is not listed had no load, of
  // one listed twice the loads add up; an unknown bucket is ignored. The first
  // interval counts in full.
  void Add(std::chrono::nanoseconds interval,
           std::span<const BucketLoad> loads);

  // Holds from the next Add() on.
  void set_half_life(std::chrono::nanoseconds half_life) {
    half_life_ = half_life;
  }

  // By bucket, in ns per second.
  const std::vector<std::uint64_t>& loads() const { return loads_; }

 private:
  std::chrono::nanoseconds half_life_;
  std::uint64_t weight_ = 0;  // of all intervals so far, in 2^-32
  std::vector<std::uint64_t> loads_;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_LOAD_SMOOTHER_H_
