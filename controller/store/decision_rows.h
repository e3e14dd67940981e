// Decisions not to plan, and what they rest on, in control.db. Used on the
// connection's thread, within its transactions.
#ifndef LB_CONTROLLER_STORE_DECISION_ROWS_H_
#define LB_CONTROLLER_STORE_DECISION_ROWS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "controller/core/records.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

// The event of its revision is there. Returns the bytes of what it rests on.
absl::StatusOr<std::size_t> InsertDecision(Connection& db,
                                           const DecisionRecord& decision);
// NOT_FOUND.
absl::StatusOr<DecisionRecord> ReadDecision(Connection& db,
                                            const std::string& host,
                                            std::uint64_t revision);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_DECISION_ROWS_H_
