// The imbalance distribution index (claims C5, C7, C11). Pure and exact: what
// decides is integer arithmetic, doubles are for reporting. Any thread.
//
// Processor i in service runs at utilization U_i, has capacity C_i and holds
// b_i of the N buckets. With system utilization
//   U   = sum(C_i U_i) / sum(C_i)
// its imbalance distribution index is
//   I_i = b_i x U / max(U_i, U/8),
// the number of buckets it would hold if it ran at the system's utilization at
// its present cost per bucket. If U = 0, I_i = b_i; a processor without
// buckets takes N x C_i / sum(C). The total imbalance index is T = sum(I_i),
// and the processor's quota q_i = N x I_i / T: in proportion to its index, in
// inverse proportion to the total. At balance I_i = b_i, T = N and q_i = b_i.
// Processors out of service are in no sum and have index and quota 0.
#ifndef LB_BALANCE_IMBALANCE_INDEX_H_
#define LB_BALANCE_IMBALANCE_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lb::balance {

// How much of a processor is used. At most kMaxProcessors of them, whose busy
// times sum up to at most 4e18.
struct ProcessorUsage {
  std::uint64_t busy_ns_per_s = 0;
  std::uint32_t capacity_permille = 1'000;  // 1..1000
  std::uint32_t buckets = 0;                // b_i
  bool in_service = true;
};

// Busy time over capacity: 1.0 is a processor that does nothing but work.
double Utilization(const ProcessorUsage& processor);

// U; 0 if nothing is in service.
double SystemUtilization(std::span<const ProcessorUsage> processors);

// max(U_i) / U over processors in service; 1 if U = 0.
double Imbalance(std::span<const ProcessorUsage> processors);

// A lower bound of the imbalance any table can reach: max(1, heaviest bucket's
// load / (largest C x U)). U counts what runs on processors out of service,
// because it will have to run on the others.
double Bound(std::span<const ProcessorUsage> processors,
             std::uint64_t heaviest_load_ns_per_s);

// True if a runs at a strictly lower utilization than b. Exact.
bool LessUtilized(const ProcessorUsage& a, const ProcessorUsage& b);

// Indexes are in units of 2^-kFractionBits, rounded down.
struct ImbalanceIndex {
  static constexpr int kFractionBits = 24;

  std::vector<std::uint64_t> index;  // I_i, by processor
  std::uint64_t total = 0;           // T
  std::vector<std::uint32_t> quota;  // q_i, by processor; they sum to N

  double IndexOf(std::size_t processor) const;
  double Total() const;
};

// At least one processor is in service. `buckets` is N: the b_i of all
// processors, those out of service too, sum up to it. Quotas are rounded by
// largest remainder; equal remainders go to processors that hold more than
// their share now, then to the lower index. A processor in service that holds
// a bucket keeps at least one.
ImbalanceIndex ComputeImbalanceIndex(std::span<const ProcessorUsage> processors,
                                     std::uint32_t buckets);

// What processor i's quota is worth at its present cost per bucket, in ns per
// second: max(U_i, U/8) x C_i / b_i for each of N I_i / T buckets, where N are
// the buckets of processors in service. That is (N / T) x U x C_i for every
// one of them, and at balance just what it carries. From unrounded quotas, so
// that it guides processors that hold only a handful of buckets, too. At most
// the busy time of all together.
std::vector<std::uint64_t> QuotaLoads(
    std::span<const ProcessorUsage> processors, const ImbalanceIndex& index);

}  // namespace lb::balance

#endif  // LB_BALANCE_IMBALANCE_INDEX_H_
