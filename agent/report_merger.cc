#include "agent/report_merger.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace lb::agent {
namespace {

// Sum of squared deviations from the samples' own mean.
double SquaredDeviations(const SampleStatistics& s) {
  if (s.count < 2) return 0;
  return s.standard_deviation * s.standard_deviation *
         static_cast<double>(s.count - 1);
}

ProcessorLoad MergeProcessor(const ProcessorLoad& earlier,
                             const ProcessorLoad& later) {
  ProcessorLoad merged = later;
  merged.busy += earlier.busy;
  merged.packets += earlier.packets;
  merged.samples = Pool(earlier.samples, later.samples);
  return merged;
}

// What a bucket's load was while it is not listed: nothing.
BucketLoad Quiet(BucketId bucket) {
  BucketLoad load;
  load.bucket = bucket;
  return load;
}

BucketLoad MergeBucket(const BucketLoad& earlier, double earlier_s,
                       const BucketLoad& later, double later_s) {
  BucketLoad merged = later;
  const double span = earlier_s + later_s;
  if (span > 0) {
    merged.load_ns_per_s = static_cast<std::uint64_t>(
        std::llround((static_cast<double>(earlier.load_ns_per_s) * earlier_s +
                      static_cast<double>(later.load_ns_per_s) * later_s) /
                     span));
  }
  merged.packets += earlier.packets;
  merged.lower_bound = earlier.lower_bound || later.lower_bound;
  return merged;
}

std::vector<BucketLoad> MergeBuckets(std::vector<BucketLoad> earlier,
                                     double earlier_s,
                                     std::vector<BucketLoad> later,
                                     double later_s) {
  const auto by_bucket = [](const BucketLoad& a, const BucketLoad& b) {
    return a.bucket < b.bucket;
  };
  std::sort(earlier.begin(), earlier.end(), by_bucket);
  std::sort(later.begin(), later.end(), by_bucket);
  std::vector<BucketLoad> merged;
  auto a = earlier.begin();
  auto b = later.begin();
  while (a != earlier.end() || b != later.end()) {
    const bool take_a =
        b == later.end() || (a != earlier.end() && a->bucket <= b->bucket);
    const bool take_b =
        a == earlier.end() || (b != later.end() && b->bucket <= a->bucket);
    const BucketId bucket = take_a ? a->bucket : b->bucket;
    merged.push_back(MergeBucket(take_a ? *a : Quiet(bucket), earlier_s,
                                 take_b ? *b : Quiet(bucket), later_s));
    if (take_a) ++a;
    if (take_b) ++b;
  }
  return merged;
}

double Seconds(const LoadSample& sample) {
  return std::chrono::duration<double>(sample.end - sample.start).count();
}

}  // namespace

SampleStatistics Pool(const SampleStatistics& a, const SampleStatistics& b) {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  const auto na = static_cast<double>(a.count);
  const auto nb = static_cast<double>(b.count);
  SampleStatistics pooled;
  pooled.count = a.count + b.count;
  pooled.mean = (a.mean * na + b.mean * nb) / (na + nb);
  const double da = a.mean - pooled.mean;
  const double db = b.mean - pooled.mean;
  const double sa = SquaredDeviations(a);
  const double sb = SquaredDeviations(b);
  const double total = sa + sb + na * da * da + nb * db * db;
  pooled.standard_deviation = std::sqrt(total / (na + nb - 1));
  if (pooled.count >= 3 && total > 0) {
    pooled.lag1_autocorrelation =
        (a.lag1_autocorrelation * sa + b.lag1_autocorrelation * sb +
         (na - 1) * da * da + (nb - 1) * db * db) /
        total;
  }
  return pooled;
}

bool Mergeable(const Report& earlier, const Report& later) {
  const LoadSample& a = earlier.sample;
  const LoadSample& b = later.sample;
  return a.table_start == a.table_end && b.table_start == b.table_end &&
         a.table_end == b.table_start && earlier.term == later.term &&
         earlier.epoch == later.epoch &&
         a.processors.size() == b.processors.size() &&
         a.dispatchers.size() == b.dispatchers.size();
}

Report Merge(const Report& earlier, const Report& later) {
  Report merged = later;
  merged.merged = earlier.merged + later.merged + 1;
  LoadSample& sample = merged.sample;
  sample.start = earlier.sample.start;
  sample.table_start = earlier.sample.table_start;
  for (std::size_t i = 0; i < sample.processors.size(); ++i) {
    sample.processors[i] = MergeProcessor(earlier.sample.processors[i],
                                          later.sample.processors[i]);
  }
  for (std::size_t i = 0; i < sample.dispatchers.size(); ++i) {
    sample.dispatchers[i].busy += earlier.sample.dispatchers[i].busy;
    sample.dispatchers[i].packets += earlier.sample.dispatchers[i].packets;
  }
  sample.buckets = MergeBuckets(earlier.sample.buckets, Seconds(earlier.sample),
                                later.sample.buckets, Seconds(later.sample));
  return merged;
}

}  // namespace lb::agent
