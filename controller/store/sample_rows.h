// Rows of measurements as they were reported, and pages of any telemetry.
#ifndef LB_CONTROLLER_STORE_SAMPLE_ROWS_H_
#define LB_CONTROLLER_STORE_SAMPLE_ROWS_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/core/records.h"
#include "controller/core/store.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

using Sample = std::variant<ProcessorSample, BucketSample>;

// Gives the row of each.
absl::StatusOr<std::vector<std::uint64_t>> InsertSamples(
    Connection& db, std::span<const Sample> samples);

// As Store::ListProcessorSamples() and Store::ListBucketSamples().
absl::StatusOr<std::vector<StoredProcessorSample>> ReadProcessorSamples(
    Connection& db, const SamplePage& page);
absl::StatusOr<std::vector<StoredBucketSample>> ReadBucketSamples(
    Connection& db, const SamplePage& page);

// Of all hosts, in the order they were inserted, those after row `after`; only
// what is rolled up. Processors that cannot be read are none, and the log says
// so.
absl::StatusOr<std::vector<StoredProcessorSample>> ReadProcessorSamplesAfter(
    Connection& db, std::uint64_t after, std::uint32_t limit);

// A statement that gives the page's rows of `table`: rowid, time_ns and
// `columns`. A row that is gone ends no page: the oldest go first, so that all
// that are left come after it.
absl::StatusOr<Statement> SelectPage(Connection& db, std::string_view columns,
                                     std::string_view table,
                                     const SamplePage& page);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_SAMPLE_ROWS_H_
