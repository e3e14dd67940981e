// What operators want of hosts, in control.db: drained processors, pins,
// pauses. Used on the connection's thread, within its transactions.
#ifndef LB_CONTROLLER_STORE_INTENT_ROWS_H_
#define LB_CONTROLLER_STORE_INTENT_ROWS_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "controller/core/records.h"
#include "controller/core/store.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

// NOT_FOUND if there is no such host.
absl::Status WriteIntent(Connection& db, const HostIntentChange& change);
// The fleet's is the pause of the host "".
absl::Status WritePause(Connection& db, const std::string& host,
                        const std::optional<Pause>& pause);

// By host; the fleet's pause is that of "".
absl::StatusOr<std::map<std::string, HostIntent>> ReadIntents(Connection& db);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_INTENT_ROWS_H_
