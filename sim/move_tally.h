// Counts moves, and among them those that bring a bucket back to a processor
// it left within a minute. One thread.
#ifndef LB_SIM_MOVE_TALLY_H_
#define LB_SIM_MOVE_TALLY_H_

#include <cstdint>
#include <span>
#include <vector>

#include "common/ids.h"
#include "common/plan.h"

namespace lb::sim {

class MoveTally {
 public:
  static constexpr std::int64_t kReturnNs = 60'000'000'000;

  explicit MoveTally(std::uint32_t buckets) : departures_(buckets) {}

  // Times never decrease.
  void Add(std::span<const Move> moves, std::int64_t now_ns);

  std::uint64_t moves() const { return moves_; }
  std::uint64_t returns() const { return returns_; }

 private:
  struct Departure {
    ProcessorId from;
    std::int64_t time_ns = 0;
  };
  std::vector<std::vector<Departure>> departures_;  // of late, by bucket
  std::uint64_t moves_ = 0;
  std::uint64_t returns_ = 0;
};

}  // namespace lb::sim

#endif  // LB_SIM_MOVE_TALLY_H_
