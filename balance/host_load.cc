#include "balance/host_load.h"

#include <algorithm>
#include <limits>
#include <span>

#include "absl/strings/str_cat.h"
#include "balance/imbalance_index.h"
#include "balance/normal_distribution.h"
#include "common/int128.h"
#include "common/status.h"

namespace lb::balance {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
// Busy time and wall time are read one after the other: what may be in excess.
constexpr std::chrono::nanoseconds kClockSlack = std::chrono::milliseconds(20);
// Agents merge what they could not send; sums of several must not overflow.
constexpr std::chrono::nanoseconds kLongestReport = std::chrono::hours(8'760);
// From this part of its capacity on a processor counts as saturated.
constexpr std::uint64_t kSaturatedPermille = 950;

std::uint64_t BusyPerSecond(std::chrono::nanoseconds busy,
                            std::chrono::nanoseconds elapsed) {
  return static_cast<std::uint64_t>(Uint128(busy.count()) * kNsPerSecond /
                                    Uint128(elapsed.count()));
}

bool IsSaturated(std::uint64_t busy_ns_per_s, std::uint32_t capacity_permille) {
  // capacity x 1e6 ns/s are the whole capacity.
  return busy_ns_per_s >=
         std::uint64_t{capacity_permille} * 1'000 * kSaturatedPermille;
}

// Written so that NaN is out of range.
bool Within(double value, double low, double high) {
  return value >= low && value <= high;
}

absl::Status CheckProcessor(std::size_t i, const ProcessorLoad& load,
                            std::chrono::nanoseconds elapsed) {
  if (load.busy.count() < 0 ||
      load.busy > elapsed + elapsed / 20 + kClockSlack) {
    return absl::InvalidArgumentError(
        absl::StrCat("processor ", i, " was busy for ", load.busy.count(),
                     " ns of ", elapsed.count()));
  }
  if (load.capacity_permille < 1 || load.capacity_permille > 1'000) {
    return absl::InvalidArgumentError(
        absl::StrCat("processor ", i, " has capacity ", load.capacity_permille,
                     " permille; use 1 to 1000"));
  }
  const SampleStatistics& s = load.samples;
  if (s.count > 0 &&
      !(Within(s.mean, 0, 2) && Within(s.standard_deviation, 0, 1'000) &&
        Within(s.lag1_autocorrelation, -1.001, 1.001))) {
    return absl::InvalidArgumentError(
        absl::StrCat("processor ", i, " has impossible samples: mean ", s.mean,
                     ", standard deviation ", s.standard_deviation,
                     ", autocorrelation ", s.lag1_autocorrelation));
  }
  return absl::OkStatus();
}

absl::Status CheckBuckets(const std::vector<BucketLoad>& loads,
                          std::size_t buckets) {
  std::uint64_t total = 0;
  for (const BucketLoad& load : loads) {
    const std::size_t b = load.bucket.index();
    if (b >= buckets || load.load_ns_per_s > kMaxLoad ||
        (total += load.load_ns_per_s) > kMaxTotalLoad) {
      return absl::InvalidArgumentError(absl::StrCat(
          "report has a load of ", load.load_ns_per_s, " ns/s for bucket ", b,
          " of ", buckets, "; use at most ", kMaxLoad, " each and ",
          kMaxTotalLoad, " together"));
    }
  }
  return absl::OkStatus();
}

template <class Values>
void PushBounded(Values& values, const typename Values::value_type& value) {
  if (values.size() == HostLoad::kMergedReports) values.erase(values.begin());
  values.push_back(value);
}

}  // namespace

HostLoad::HostLoad(const Layout& layout, const Table& table,
                   std::chrono::nanoseconds half_life)
    : table_(table),
      digest_(ComputeDigest(table)),
      smoother_(layout.buckets, half_life),
      connections_(layout.buckets, 0),
      processors_(layout.processors.size()) {
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    processors_[i].capacity_permille = layout.processors[i].capacity_permille;
  }
}

void HostLoad::SetTable(const Table& table) {
  const Digest digest = ComputeDigest(table);
  if (digest == digest_) return;
  table_ = table;
  digest_ = digest;
  reports_of_table_ = 0;
  last_of_table_ = false;
  for (ProcessorTrack& p : processors_) {
    p.samples.clear();
    p.busy.clear();
  }
}

absl::Status HostLoad::AddReport(const LoadSample& report) {
  if (absl::Status status = Check(report); !status.ok()) {
    nonsense_ = OneLine(status);
    return status;
  }
  nonsense_.clear();
  const std::chrono::nanoseconds elapsed = report.end - report.start;
  smoother_.Add(elapsed, report.buckets);
  CountConnections(report);
  last_of_table_ = report.table_start == digest_ &&
                   report.table_end == digest_ && elapsed >= kShortestReport;
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    const ProcessorLoad& load = report.processors[i];
    ProcessorTrack& p = processors_[i];
    p.capacity_permille = load.capacity_permille;
    p.in_service = load.in_service;
    p.stalled = load.stalled;
    if (!last_of_table_) continue;
    PushBounded(p.samples, Unbiased(load.samples));
    PushBounded(p.busy, {load.busy, elapsed});
  }
  if (last_of_table_) {
    ++reports_of_table_;
    UpdateOverhead(report);
  }
  return absl::OkStatus();
}

absl::Status HostLoad::Check(const LoadSample& report) const {
  const std::chrono::nanoseconds elapsed = report.end - report.start;
  if (elapsed.count() <= 0 || elapsed > kLongestReport) {
    return absl::InvalidArgumentError(
        absl::StrCat("report ends ", elapsed.count(),
                     " ns after its start; it must cover some time, and no "
                     "more than a year"));
  }
  if (report.processors.size() != processors_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("report is of ", report.processors.size(),
                     " processors, the host has ", processors_.size()));
  }
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    LB_RETURN_IF_ERROR(CheckProcessor(i, report.processors[i], elapsed));
  }
  return CheckBuckets(report.buckets, table_.buckets());
}

// Busy time beyond what the buckets account for. A saturated processor tells
// nothing: its buckets offer more than it can show.
void HostLoad::UpdateOverhead(const LoadSample& report) {
  std::vector<std::uint64_t> owned(processors_.size(), 0);
  for (const BucketLoad& load : report.buckets) {
    owned[table_.owner[load.bucket.index()].index()] += load.load_ns_per_s;
  }
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    ProcessorTrack& p = processors_[i];
    const std::uint64_t busy =
        BusyPerSecond(p.busy.back().busy, p.busy.back().elapsed);
    if (IsSaturated(busy, p.capacity_permille)) continue;
    const std::uint64_t overhead = busy > owned[i] ? busy - owned[i] : 0;
    p.overhead_ns_per_s =
        p.has_overhead ? (3 * p.overhead_ns_per_s + overhead) / 4 : overhead;
    p.has_overhead = true;
  }
}

void HostLoad::CountConnections(const LoadSample& report) {
  std::fill(connections_.begin(), connections_.end(), 0);
  for (const BucketLoad& load : report.buckets) {
    connections_[load.bucket.index()] = load.connections;
  }
}

std::uint64_t HostLoad::PerSecond(const Recent<BusyTime>& reports) {
  BusyTime sum{};
  for (const BusyTime& report : reports) {
    sum.busy += report.busy;
    sum.elapsed += report.elapsed;
  }
  return BusyPerSecond(sum.busy, sum.elapsed);
}

std::vector<std::uint64_t> HostLoad::BusyNsPerS() const {
  std::vector<std::uint64_t> busy(processors_.size(), 0);
  for (std::size_t b = 0; b < table_.buckets(); ++b) {
    busy[table_.owner[b].index()] += smoother_.loads()[b];
  }
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    const ProcessorTrack& p = processors_[i];
    const std::uint64_t derived = busy[i] + p.overhead_ns_per_s;
    busy[i] = derived;
    if (p.busy.size() < kEnoughReports) continue;
    const std::uint64_t measured = PerSecond(p.busy);
    busy[i] = IsSaturated(measured, p.capacity_permille)
                  ? std::max(measured, derived)
                  : measured;
  }
  return busy;
}

std::vector<bool> HostLoad::InService(
    std::span<const ProcessorId> drained) const {
  std::vector<bool> in_service;
  for (const ProcessorTrack& p : processors_) {
    in_service.push_back(p.in_service);
  }
  for (const ProcessorId processor : drained) {
    if (processor.index() < in_service.size()) {
      in_service[processor.index()] = false;
    }
  }
  return in_service;
}

// One lag tells little of noise that lasts: where chance arrivals lie on top of
// it, samples look less correlated than they stay. Reports of a second are as
// good as independent, and all processors together tell how they vary.
double HostLoad::ErrorBetweenReports(
    const std::vector<bool>& in_service) const {
  const std::size_t reports = processors_.front().busy.size();
  if (reports < kEnoughReports) return 0;
  const auto utilization = [](const ProcessorTrack& p, std::size_t report) {
    const BusyTime& time = p.busy[report];
    return static_cast<double>(time.busy.count()) * 1'000 /
           static_cast<double>(time.elapsed.count()) / p.capacity_permille;
  };
  std::vector<double> mean(reports, 0);  // by report
  double count = 0;
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    if (!in_service[i]) continue;
    ++count;
    for (std::size_t r = 0; r < reports; ++r) {
      mean[r] += utilization(processors_[i], r);
    }
  }
  double squares = 0;
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    if (!in_service[i]) continue;
    double sum = 0;
    double sum_of_squares = 0;
    for (std::size_t r = 0; r < reports; ++r) {
      if (mean[r] <= 0) return 0;
      const double ratio = utilization(processors_[i], r) * count / mean[r];
      sum += ratio;
      sum_of_squares += ratio * ratio;
    }
    squares += sum_of_squares - sum * sum / static_cast<double>(reports);
  }
  if (count == 0) return 0;
  return SquareRoot(squares / count /
                    static_cast<double>((reports - 1) * reports));
}

HostMeasurement HostLoad::Measure(std::span<const ProcessorId> drained) const {
  const std::vector<bool> in_service = InService(drained);
  const std::vector<std::uint64_t> busy = BusyNsPerS();
  HostMeasurement m;
  m.current_table = last_of_table_;
  m.nonsense = nonsense_;
  std::vector<ProcessorUsage> usage;
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    const ProcessorTrack& p = processors_[i];
    ProcessorMeasurement& out = m.processors.emplace_back();
    for (const SampleStatistics& s : p.samples) {
      out.samples = Merge(out.samples, s);
    }
    out.capacity_permille = p.capacity_permille;
    out.in_service = in_service[i];
    out.stalled = p.stalled;
    if (IsSaturated(static_cast<std::uint64_t>(out.samples.mean * 1e9),
                    p.capacity_permille)) {
      out.offered = static_cast<double>(busy[i]) / 1e9;
    }
    usage.push_back({.busy_ns_per_s = busy[i],
                     .capacity_permille = p.capacity_permille,
                     .in_service = in_service[i]});
  }
  for (ProcessorId owner : table_.owner) ++m.processors[owner.index()].buckets;
  const std::vector<std::uint64_t>& loads = smoother_.loads();
  m.error_between_reports = ErrorBetweenReports(in_service);
  m.bound = Bound(usage, *std::max_element(loads.begin(), loads.end()));
  return m;
}

Snapshot HostLoad::MakeSnapshot(std::span<const ProcessorId> drained) const {
  const std::vector<bool> in_service = InService(drained);
  const std::vector<std::uint64_t> busy = BusyNsPerS();
  Snapshot snapshot;
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    const ProcessorTrack& p = processors_[i];
    snapshot.processors.push_back(
        {p.capacity_permille, busy[i], in_service[i]});
  }
  for (std::size_t b = 0; b < table_.buckets(); ++b) {
    snapshot.buckets.push_back({.owner = table_.owner[b],
                                .connections = connections_[b],
                                .load_ns_per_s = smoother_.loads()[b]});
  }
  return snapshot;
}

SampleStatistics Unbiased(const SampleStatistics& samples) {
  SampleStatistics unbiased = samples;
  const auto n = static_cast<double>(samples.count);
  double& r = unbiased.lag1_autocorrelation;
  if (n < 2 || r <= 0) return unbiased;
  r = std::min(r + (1 + 4 * r) / n, kMaxAutocorrelation);
  const double k = std::min((1 + r) / (1 - r), n / 2);
  unbiased.standard_deviation *= SquareRoot((n - 1) / (n - k));
  return unbiased;
}

SampleStatistics Merge(const SampleStatistics& a, const SampleStatistics& b) {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  const auto na = static_cast<double>(a.count);
  const auto nb = static_cast<double>(b.count);
  const double n = na + nb;
  const double apart = b.mean - a.mean;
  const double squares =
      a.standard_deviation * a.standard_deviation * (na - 1) +
      b.standard_deviation * b.standard_deviation * (nb - 1) +
      apart * apart * na * nb / n;
  return {a.count + b.count, a.mean + apart * nb / n,
          SquareRoot(squares / (n - 1)),
          (a.lag1_autocorrelation * na + b.lag1_autocorrelation * nb) / n};
}

}  // namespace lb::balance
