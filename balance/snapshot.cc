#include "balance/snapshot.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/table.h"

namespace lb::balance {
namespace {

absl::Status TooMuch(std::string_view thing, std::size_t number,
                     std::string_view what, std::uint64_t value) {
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(thing), " ", number, " has ", ToAbsl(what), " of ",
                   value, " ns/s; use at most ", kMaxLoad, " each and ",
                   kMaxTotalLoad, " together"));
}

absl::Status ValidateProcessors(const Snapshot& snapshot) {
  if (snapshot.processors.empty() ||
      snapshot.processors.size() > kMaxProcessors) {
    return absl::InvalidArgumentError(
        absl::StrCat("snapshot has ", snapshot.processors.size(),
                     " processors; use 1 to ", kMaxProcessors));
  }
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < snapshot.processors.size(); ++i) {
    const ProcessorState& p = snapshot.processors[i];
    if (p.capacity_permille < 1 || p.capacity_permille > 1'000) {
      return absl::InvalidArgumentError(
          absl::StrCat("processor ", i, " has capacity ", p.capacity_permille,
                       " permille; use 1 to 1000"));
    }
    const std::uint64_t busy = p.busy_ns_per_s.value_or(0);
    if (busy > kMaxLoad || (total += busy) > kMaxTotalLoad) {
      return TooMuch("processor", i, "busy time", busy);
    }
  }
  if (std::none_of(snapshot.processors.begin(), snapshot.processors.end(),
                   [](const ProcessorState& p) { return p.in_service; })) {
    return absl::InvalidArgumentError(
        "no processor is in service; buckets need at least one");
  }
  return absl::OkStatus();
}

// True only if FindUnsound() would find nothing; without a branch for each
// bucket, since this is what every plan begins with.
bool BucketsAreSound(const Snapshot& snapshot) {
  // So many bits that kMaxBuckets such loads stay below kMaxTotalLoad.
  constexpr int kSmallBits = 43;
  std::uint64_t bits = 0;
  std::size_t highest = 0;
  for (const BucketState& bucket : snapshot.buckets) {
    bits |= bucket.load_ns_per_s;
    highest = std::max(highest, bucket.owner.index());
  }
  return highest < snapshot.processors.size() && bits >> kSmallBits == 0;
}

absl::Status FindUnsound(const Snapshot& snapshot) {
  std::uint64_t total = 0;
  for (std::size_t b = 0; b < snapshot.buckets.size(); ++b) {
    const BucketState& bucket = snapshot.buckets[b];
    if (bucket.owner.index() >= snapshot.processors.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "bucket ", b, " belongs to processor ", bucket.owner.value(),
          "; there are ", snapshot.processors.size(), " processors"));
    }
    if (bucket.load_ns_per_s > kMaxLoad ||
        (total += bucket.load_ns_per_s) > kMaxTotalLoad) {
      return TooMuch("bucket", b, "a load", bucket.load_ns_per_s);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateSnapshot(const Snapshot& snapshot) {
  LB_RETURN_IF_ERROR(ValidateProcessors(snapshot));
  if (snapshot.buckets.empty() || snapshot.buckets.size() > kMaxBuckets) {
    return absl::InvalidArgumentError(
        absl::StrCat("snapshot has ", snapshot.buckets.size(),
                     " buckets; use 1 to ", kMaxBuckets));
  }
  return BucketsAreSound(snapshot) ? absl::OkStatus() : FindUnsound(snapshot);
}

}  // namespace lb::balance
