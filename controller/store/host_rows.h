// Hosts and policies in control.db. Used on the connection's thread, within
// its transactions.
#ifndef LB_CONTROLLER_STORE_HOST_ROWS_H_
#define LB_CONTROLLER_STORE_HOST_ROWS_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/records.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

// Writes or replaces; the columns that the store keeps stay as they are.
absl::Status WriteHost(Connection& db, const HostRecord& host);
// All, by name.
absl::StatusOr<std::vector<HostRecord>> ReadHosts(Connection& db);

// Gives the new default policy its revision.
absl::StatusOr<std::uint64_t> InsertPolicy(Connection& db,
                                           const balance::Policy& policy,
                                           WallTime time);
// The newest; empty if there is none.
absl::StatusOr<std::optional<PolicyRecord>> ReadPolicy(Connection& db);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_HOST_ROWS_H_
