// Values of core as columns and blobs, and back. Pure but for the statements
// they bind and read.
#ifndef LB_CONTROLLER_STORE_ROW_CODEC_H_
#define LB_CONTROLLER_STORE_ROW_CODEC_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/counters.h"
#include "common/load.h"
#include "common/table.h"

namespace lb::controller {

// ns since 1970, UTC.
std::int64_t ToNs(WallTime time);
WallTime FromNs(std::int64_t ns);

// Two bytes a bucket, little endian. DATA_LOSS if a blob is damaged; so of
// every Unpack below.
std::string PackOwners(const std::vector<ProcessorId>& owner);
absl::StatusOr<std::vector<ProcessorId>> UnpackOwners(std::string_view bytes);

std::string PackDoubles(const std::vector<double>& values);
absl::StatusOr<std::vector<double>> UnpackDoubles(std::string_view bytes);

std::string PackNumbers(const std::vector<std::uint32_t>& values);
absl::StatusOr<std::vector<std::uint32_t>> UnpackNumbers(
    std::string_view bytes);

std::string PackCounters(const Counters& counters);
absl::StatusOr<Counters> UnpackCounters(std::string_view bytes);

std::string PackProcessors(const std::vector<ProcessorLoad>& processors);
absl::StatusOr<std::vector<ProcessorLoad>> UnpackProcessors(
    std::string_view bytes);

std::string PackBuckets(const std::vector<BucketLoad>& buckets);
absl::StatusOr<std::vector<BucketLoad>> UnpackBuckets(std::string_view bytes);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_ROW_CODEC_H_
