// How a processor's speed varies from one 10 ms sample to the next: a chain of
// normal variates of which neighbours are correlated (autoregressive, first
// order). One thread.
#ifndef LB_SIM_SPEED_NOISE_H_
#define LB_SIM_SPEED_NOISE_H_

#include <algorithm>
#include <cstdint>

#include "balance/normal_distribution.h"
#include "sim/busy_sampler.h"
#include "sim/distributions.h"
#include "sim/random.h"

namespace lb::sim {

class SpeedNoise {
 public:
  // Of a packet's service time: `deviation` is relative to it, `correlation`
  // of neighbouring samples 0..0.99.
  SpeedNoise(double deviation, double correlation, Random random)
      : correlation_(correlation),
        innovation_(balance::SquareRoot(1 - correlation * correlation)),
        deviation_(deviation),
        random_(random),
        value_(NormalVariate(random_)) {}

  // What service takes at `now_ns`, which never decreases; at least a tenth.
  std::int64_t Scale(std::int64_t now_ns, std::int64_t service_ns) {
    while (now_ns >= next_ns_) {
      next_ns_ += kSampleNs;
      value_ = correlation_ * value_ + innovation_ * NormalVariate(random_);
      factor_ = std::max(1 + deviation_ * value_, 0.1);
    }
    return Rounded(static_cast<double>(service_ns) * factor_);
  }

 private:
  const double correlation_;
  const double innovation_;
  const double deviation_;
  Random random_;
  double value_;
  double factor_ = 1;
  std::int64_t next_ns_ = 0;
};

}  // namespace lb::sim

#endif  // LB_SIM_SPEED_NOISE_H_
