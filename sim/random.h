// The simulator's source of chance. Pure values; the same numbers on every
// machine and build.
#ifndef LB_SIM_RANDOM_H_
#define LB_SIM_RANDOM_H_

#include <cstdint>

#include "common/int128.h"

namespace lb::sim {

// SplitMix64 (Steele, Lea and Flood, 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // One of many independent streams of a seed.
  Random(std::uint64_t seed, std::uint64_t stream) : state_(seed) {
    state_ = Next() ^ (stream * 0xd1342543de82ef95);
    state_ = Next();
  }

  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // 0..n-1; n > 0. Biased by less than n / 2^64.
  std::uint64_t Below(std::uint64_t n) {
    return static_cast<std::uint64_t>((Uint128{Next()} * n) >> 64);
  }

  // In (0, 1], a multiple of 2^-53.
  double Unit() { return static_cast<double>((Next() >> 11) + 1) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace lb::sim

#endif  // LB_SIM_RANDOM_H_
