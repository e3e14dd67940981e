// Random planner inputs for property tests, from a seed that the test prints.
#ifndef LB_TESTS_BALANCE_RANDOM_SNAPSHOT_H_
#define LB_TESTS_BALANCE_RANDOM_SNAPSHOT_H_

#include <cstdint>

#include "balance/snapshot.h"

namespace lb::balance {

// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0..n-1; n > 0. The slight bias does not matter here.
  std::uint64_t Below(std::uint64_t n) { return Next() % n; }
  bool OneIn(std::uint64_t n) { return Below(n) == 0; }

 private:
  std::uint64_t state_;
};

// Anything a planner may be given: 1..12 processors of any capacity, some out
// of service, some busy times measured, 1..300 buckets with even, heavy-tailed
// or no loads, dealt at random, some pinned, resting or not to return.
Snapshot RandomSnapshot(Random& random);

// A host as met in practice: `processors` whole CPUs, `buckets` of which about
// `loaded` carry connections whose loads follow a Zipf law with the exponent
// `zipf`, at system utilization 0.6. Heavy buckets gather on low processors, so
// that the imbalance lies between `low` and `high`.
struct SkewOptions {
  std::uint32_t processors = 4;
  std::uint32_t buckets = 1'024;
  std::uint32_t loaded = 200;
  double zipf = 0.9;
  double low = 1.5;
  double high = 2.0;
};
Snapshot SkewedSnapshot(Random& random, const SkewOptions& options);

}  // namespace lb::balance

#endif  // LB_TESTS_BALANCE_RANDOM_SNAPSHOT_H_
