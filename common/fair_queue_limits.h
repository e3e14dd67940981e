// What an operator may set of every processor's fair queue. Pure values.
#ifndef LB_COMMON_FAIR_QUEUE_LIMITS_H_
#define LB_COMMON_FAIR_QUEUE_LIMITS_H_

#include <chrono>
#include <cstdint>

namespace lb {

inline constexpr std::chrono::microseconds kDefaultQuantum{50};
inline constexpr std::chrono::microseconds kMinQuantum{1};
inline constexpr std::chrono::microseconds kMaxQuantum{100'000};

struct FairQueueLimits {
  // Service time of a connection before others get their turn, kMinQuantum to
  // kMaxQuantum; 0: the data plane's own.
  std::chrono::microseconds quantum{0};
  // Packets that may wait at a processor; 0: what its buffers allow.
  std::uint32_t packets = 0;

  friend bool operator==(const FairQueueLimits&,
                         const FairQueueLimits&) = default;
};

}  // namespace lb

#endif  // LB_COMMON_FAIR_QUEUE_LIMITS_H_
