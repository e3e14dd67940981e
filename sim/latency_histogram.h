// Counts of latencies in classes that are at most 1/64 wide, from 1 ns up to
// 2^41 ns (half an hour), beyond which they count as that. One thread.
#ifndef LB_SIM_LATENCY_HISTOGRAM_H_
#define LB_SIM_LATENCY_HISTOGRAM_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lb::sim {

class LatencyHistogram {
 public:
  LatencyHistogram();

  void Add(std::int64_t ns) {
    ++counts_[ClassOf(ns)];
    sum_ns_ += ns;
  }
  void Merge(const LatencyHistogram& other);

  std::uint64_t count() const;
  // Exact but for rounding; 0 if nothing is counted.
  double Mean() const;
  // The smallest latency that at least `permille` thousandths of the counted
  // ones do not exceed, rounded up by at most 1/64; 0 if nothing is counted.
  std::int64_t Quantile(std::uint32_t permille) const;

 private:
  static constexpr int kBits = 6;  // 64 classes an octave
  static constexpr int kOctaves = 41 - kBits;
  static constexpr std::uint64_t kMost = (std::uint64_t{1} << 41) - 1;

  static std::size_t ClassOf(std::int64_t ns) {
    const auto value = static_cast<std::uint64_t>(ns < 0 ? 0 : ns);
    if (value > kMost) return ClassOf(static_cast<std::int64_t>(kMost));
    if (value < (1U << kBits)) return static_cast<std::size_t>(value);
    const int shift = static_cast<int>(std::bit_width(value)) - kBits - 1;
    return (static_cast<std::size_t>(shift) << kBits) +
           static_cast<std::size_t>(value >> shift);
  }
  // The highest latency of a class.
  static std::int64_t HighestOf(std::size_t c);

  std::vector<std::uint64_t> counts_;
  std::int64_t sum_ns_ = 0;
};

}  // namespace lb::sim

#endif  // LB_SIM_LATENCY_HISTOGRAM_H_
