// Policies in control.db. Used on the connection's thread, within its
// transactions.
#ifndef LB_CONTROLLER_STORE_POLICY_ROWS_H_
#define LB_CONTROLLER_STORE_POLICY_ROWS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/records.h"
#include "controller/core/store.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

// Ends the policy in force at `time` and gives the new one, if there is one,
// its revision; 0 without one. NOT_FOUND if there is no such host.
absl::StatusOr<std::uint64_t> ChangePolicy(Connection& db,
                                           const PolicyChange& change,
                                           WallTime time);

// NOT_FOUND.
absl::StatusOr<PolicyRecord> ReadPolicy(Connection& db, std::uint64_t revision);

// Those in force, by host; the default's is "".
absl::StatusOr<std::map<std::string, PolicyRecord>> ReadPolicies(
    Connection& db);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_POLICY_ROWS_H_
