// What is known of one host's load: bucket loads smoothed across plans, and
// processors' utilizations, which restart with every table. Turns reports into
// what Decide() and a planner need. Deterministic, no clock. Thread-compatible.
#ifndef LB_BALANCE_HOST_LOAD_H_
#define LB_BALANCE_HOST_LOAD_H_

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "balance/decision.h"
#include "balance/load_smoother.h"
#include "balance/snapshot.h"
#include "common/load.h"
#include "common/table.h"

namespace lb::balance {

class HostLoad {
 public:
  // Reports of the current table after which measured utilizations count, and
  // the most that are merged.
  static constexpr std::size_t kEnoughReports = 2;
  static constexpr std::size_t kMergedReports = 5;
  // A shorter report tells nothing of utilizations: intervals are cut where a
  // plan is applied, and what is left may be a single turn.
  static constexpr std::chrono::milliseconds kShortestReport{50};

  // `layout` and `table` are valid and fit together.
  HostLoad(const Layout& layout, const Table& table,
           std::chrono::nanoseconds half_life);

  // Another table is in force (a plan was applied, a takeover). Utilizations
  // restart; bucket loads and overheads stay. The same table again: no change.
  void SetTable(const Table& table);

  // Takes in a report. Its bucket loads count whatever table it was measured
  // under; its utilizations only if it began and ended under the current
  // table and is not too short. INVALID_ARGUMENT, naming what is wrong, for a
  // report that makes no sense (wrong number of processors, no time passed or
  // more than a year, more busy time than there was); it is not taken in, and
  // Measure() says so.
  absl::Status AddReport(const LoadSample& report);

  void set_half_life(std::chrono::nanoseconds half_life) {
    smoother_.set_half_life(half_life);
  }

  // Everything but pins and the flags the caller fills in. Processors that are
  // `drained` are out of service, whatever the reports say; numbers beyond the
  // layout are ignored.
  HostMeasurement Measure(std::span<const ProcessorId> drained = {}) const;

  // Loads, connections, capacities, service and owners; nothing pinned or
  // resting yet.
  Snapshot MakeSnapshot(std::span<const ProcessorId> drained = {}) const;

  // Busy ns per second by processor: measured under the current table once
  // there are kEnoughReports of it; before that, and while the processor is
  // saturated (so that measuring cannot see what is offered), the loads of its
  // buckets plus its overhead.
  std::vector<std::uint64_t> BusyNsPerS() const;

  // Smoothed, by bucket.
  const std::vector<std::uint64_t>& bucket_loads() const {
    return smoother_.loads();
  }
  // Open at the end of the last report, by bucket.
  const std::vector<std::uint32_t>& connections() const { return connections_; }
  // Reports of the current table so far.
  std::uint64_t reports_of_table() const { return reports_of_table_; }

 private:
  // What the last reports of the current table said, the oldest first.
  template <class T>
  using Recent = absl::InlinedVector<T, kMergedReports>;
  struct BusyTime {
    std::chrono::nanoseconds busy;
    std::chrono::nanoseconds elapsed;
  };
  struct ProcessorTrack {
    std::uint32_t capacity_permille = 1'000;
    bool in_service = true;
    bool stalled = false;
    // Busy time that belongs to no bucket, smoothed; outlives the table.
    std::uint64_t overhead_ns_per_s = 0;
    bool has_overhead = false;
    Recent<SampleStatistics> samples;
    Recent<BusyTime> busy;
  };

  absl::Status Check(const LoadSample& report) const;
  void UpdateOverhead(const LoadSample& report);
  void CountConnections(const LoadSample& report);
  // As HostMeasurement has it.
  double ErrorBetweenReports(const std::vector<bool>& in_service) const;
  // By processor.
  std::vector<bool> InService(std::span<const ProcessorId> drained) const;
  static std::uint64_t PerSecond(const Recent<BusyTime>& reports);

  Table table_;
  Digest digest_;
  LoadSmoother smoother_;
  std::vector<std::uint32_t> connections_;
  std::vector<ProcessorTrack> processors_;
  std::uint64_t reports_of_table_ = 0;
  bool last_of_table_ = false;
  std::string nonsense_;
};

// What the samples say of the process they were taken of. n samples with lag-1
// autocorrelation r look less correlated than it is by (1 + 4 r) / n (Marriott
// and Pope, 1954), and vary less, by (n - k) / (n - 1) in variance with
// k = (1 + r) / (1 - r), because their mean goes along with them. k counts as
// n / 2 at most, and r as kMaxAutocorrelation.
SampleStatistics Unbiased(const SampleStatistics& samples);

// Statistics of two stretches of samples taken together; the autocorrelation
// is their mean, weighted by count.
SampleStatistics Merge(const SampleStatistics& a, const SampleStatistics& b);

}  // namespace lb::balance

#endif  // LB_BALANCE_HOST_LOAD_H_
