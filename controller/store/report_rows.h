// Rows of reports, which have no index by host: every report of every host
// would change a page of its own. Instead, when a minute of a host is written,
// so are the rows of its reports, as a JSON array; until then they are named in
// memory.
#ifndef LB_CONTROLLER_STORE_REPORT_ROWS_H_
#define LB_CONTROLLER_STORE_REPORT_ROWS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/store.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

// Rows of one host's reports, by the start of the minute they ended in.
using RowsByMinute = std::map<WallTime, std::vector<std::uint64_t>>;

// Adds `rows`, ascending and after those named before, to the host's minute.
absl::Status NameRows(Connection& db, const std::string& host, WallTime minute,
                      const std::vector<std::uint64_t>& rows);

// The host's rows after row `after`: looks at every host's.
absl::StatusOr<RowsByMinute> FindRowsAfter(Connection& db, std::uint64_t after,
                                           const std::string& host);

// As Store::ListProcessorSamples(). `unnamed`: the rows of the page's host that
// no minute names. DATA_LOSS if a row is damaged.
absl::StatusOr<std::vector<StoredProcessorSample>> ReadReports(
    Connection& db, const SamplePage& page, const RowsByMinute& unnamed);

// Of all hosts, in the order they were inserted, those after row `after` and
// before row `before`; only what is rolled up. Processors that cannot be read
// are none, and the log says so.
absl::StatusOr<std::vector<StoredProcessorSample>> ReadReportsBetween(
    Connection& db, std::uint64_t after, std::uint64_t before,
    std::size_t limit);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_REPORT_ROWS_H_
