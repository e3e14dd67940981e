// Events in control.db. Used on the connection's thread, within its
// transactions.
#ifndef LB_CONTROLLER_STORE_EVENT_ROWS_H_
#define LB_CONTROLLER_STORE_EVENT_ROWS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/core/records.h"
#include "controller/core/store.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

absl::Status InsertEvent(Connection& db, const Event& event);

// As Store::ListEvents() and Store::ListEventsAfter().
absl::StatusOr<std::vector<Event>> ReadEventsBefore(Connection& db,
                                                    const EventPage& page);
absl::StatusOr<std::vector<Event>> ReadEventsAfter(Connection& db,
                                                   const std::string& host,
                                                   std::uint64_t after,
                                                   std::uint32_t limit);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_EVENT_ROWS_H_
