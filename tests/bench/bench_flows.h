// Flows, frames and sources in memory that the benches share.
#ifndef LB_TESTS_BENCH_BENCH_FLOWS_H_
#define LB_TESTS_BENCH_BENCH_FLOWS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/flow_key.h"
#include "common/table.h"
#include "dataplane/core/flow_hash.h"

namespace lb::dataplane {

inline constexpr std::uint32_t kBenchBuckets = 1'024;

// Flow number n: UDP between random addresses and ports; no two alike.
FlowKey BenchFlow(std::uint32_t n, IpVersion version);

using Frame = std::array<std::byte, 64>;

// The flow's UDP datagram in an Ethernet frame of 64 bytes. IPv6 frames are
// cut: their UDP header ends at byte 62.
Frame BenchFrame(const FlowKey& flow);

// A SipHash, or a Toeplitz with the symmetric key.
FlowHash BenchHash(HashKind kind);

// Binds the calling thread, and those it starts, to one CPU until destroyed.
class OnCpu {
 public:
  explicit OnCpu(unsigned cpu);
  ~OnCpu();
  OnCpu(const OnCpu&) = delete;
  OnCpu& operator=(const OnCpu&) = delete;

 private:
  std::array<std::byte, 128> before_;  // a cpu_set_t
};

}  // namespace lb::dataplane

#endif  // LB_TESTS_BENCH_BENCH_FLOWS_H_
