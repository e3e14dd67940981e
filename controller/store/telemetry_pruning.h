// What keeps telemetry.db within its limit.
#ifndef LB_CONTROLLER_STORE_TELEMETRY_PRUNING_H_
#define LB_CONTROLLER_STORE_TELEMETRY_PRUNING_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

// Removes up to about `rows` rows until no more than `limit_bytes` are in use:
// the oldest reports and bucket loads, so that both reach back equally far;
// minutes only when they reach back 30 times as far as these, hours only when
// they do 1,000 times. What is from after `now_ns` goes first: a clock that was
// wrong wrote it.
absl::Status RemoveOldest(Connection& db, std::int64_t now_ns, std::size_t rows,
                          std::uint64_t limit_bytes);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_TELEMETRY_PRUNING_H_
