// Rows of measurements as they were reported, and pages of what has an index by
// host; reports have none (see report_rows.h).
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

// As Store::ListBucketSamples().
absl::StatusOr<std::vector<StoredBucketSample>> ReadBucketSamples(
    Connection& db, const SamplePage& page);

// Where a page begins, and what its rows, by time and rowid, follow.
struct PageStart {
  std::int64_t from_ns;
  // A condition on time_ns and rowid, and what its two parameters are.
  std::string_view follows;
  std::int64_t follows_time_ns;
  std::uint64_t follows_row;
};
// A row that is gone ends no page: the oldest go first, so that all that are
// left come after it.
absl::StatusOr<PageStart> StartOfPage(Connection& db, std::string_view table,
                                      const SamplePage& page);

// A statement that gives the page's rows of `table`: rowid, time_ns and
// `columns`.
absl::StatusOr<Statement> SelectPage(Connection& db, std::string_view columns,
                                     std::string_view table,
                                     const SamplePage& page);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_SAMPLE_ROWS_H_
