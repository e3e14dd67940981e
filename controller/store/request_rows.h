// Requests that were answered, in control.db, for a day. Used on the
// connection's thread, within its transactions.
#ifndef LB_CONTROLLER_STORE_REQUEST_ROWS_H_
#define LB_CONTROLLER_STORE_REQUEST_ROWS_H_

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "controller/core/records.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

inline constexpr std::chrono::hours kRequestsKept{24};

// Forgets some requests that are older than a day at `request`'s time, its own
// id's among them. ALREADY_EXISTS if its caller had the id since.
absl::Status RequireNewRequest(Connection& db, const RequestRecord& request);
absl::Status InsertRequest(Connection& db, const RequestRecord& request);
// NOT_FOUND.
absl::StatusOr<RequestRecord> ReadRequest(Connection& db,
                                          const std::string& caller,
                                          const std::string& request_id);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_REQUEST_ROWS_H_
