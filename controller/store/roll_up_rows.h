// Rows of minutes and hours. What is of every processor is a JSON array, so
// that plain SQL can read it.
#ifndef LB_CONTROLLER_STORE_ROLL_UP_ROWS_H_
#define LB_CONTROLLER_STORE_ROLL_UP_ROWS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/core/roll_up.h"
#include "controller/core/store.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

// Adds `part` to the row of its host and time; makes it if there is none. A row
// that cannot be read is replaced, and the log says so.
absl::Status AddToRollUp(Connection& db, RollUpPeriod period,
                         const LoadRollUp& part);

// As Store::ListRollUps(). DATA_LOSS if a row is damaged.
absl::StatusOr<std::vector<StoredRollUp>> ReadRollUps(Connection& db,
                                                      RollUpPeriod period,
                                                      const SamplePage& page);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_ROLL_UP_ROWS_H_
