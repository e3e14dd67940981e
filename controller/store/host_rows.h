// Hosts in control.db. Used on the connection's thread, within
// its transactions.
#ifndef LB_CONTROLLER_STORE_HOST_ROWS_H_
#define LB_CONTROLLER_STORE_HOST_ROWS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/records.h"
#include "controller/core/store.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

// Writes or replaces; the columns that the store keeps stay as they are, but
// that the higher last epoch counts. A host that was forgotten is known again.
absl::Status WriteHost(Connection& db, const HostRecord& host);
// By name, without those forgotten; without intents and policies.
absl::StatusOr<std::vector<HostRecord>> ReadHosts(Connection& db);
absl::StatusOr<std::vector<ForgottenHost>> ReadForgotten(Connection& db);
// NOT_FOUND if there is no such host, forgotten or not.
absl::Status RequireHost(Connection& db, const std::string& host);
// NOT_FOUND.
absl::Status ForgetHost(Connection& db, const std::string& host, WallTime time);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_HOST_ROWS_H_
