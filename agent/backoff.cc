#include "agent/backoff.h"

#include <algorithm>

namespace lb::agent {
namespace {

// SplitMix64 (Steele, Lea and Flood, 2014).
std::uint64_t NextRandom(std::uint64_t& state) {
  state += 0x9e37'79b9'7f4a'7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
  return z ^ (z >> 31);
}

}  // namespace

std::chrono::nanoseconds Backoff::Next() {
  std::chrono::nanoseconds ceiling = options_.base;
  for (int i = 0; i < attempts_ && ceiling < options_.cap; ++i) ceiling *= 2;
  ceiling = std::min<std::chrono::nanoseconds>(ceiling, options_.cap);
  ++attempts_;
  const auto range = static_cast<std::uint64_t>(ceiling.count()) + 1;
  return std::chrono::nanoseconds(
      static_cast<std::int64_t>(NextRandom(state_) % range));
}

}  // namespace lb::agent
