#include "sim/move_tally.h"

#include <algorithm>

namespace lb::sim {

void MoveTally::Add(std::span<const Move> moves, std::int64_t now_ns) {
  for (const Move& move : moves) {
    std::vector<Departure>& left = departures_[move.bucket.index()];
    std::erase_if(left, [&](const Departure& departure) {
      return now_ns - departure.time_ns >= kReturnNs;
    });
    if (std::any_of(left.begin(), left.end(), [&](const Departure& departure) {
          return departure.from == move.to;
        })) {
      ++returns_;
    }
    left.push_back({move.from, now_ns});
    ++moves_;
  }
}

}  // namespace lb::sim
