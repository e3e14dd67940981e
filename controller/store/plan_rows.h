// Plans, their moves and their inputs in control.db. Used on the connection's
// thread, within its transactions.
#ifndef LB_CONTROLLER_STORE_PLAN_ROWS_H_
#define LB_CONTROLLER_STORE_PLAN_ROWS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/records.h"
#include "controller/core/store.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

// Inserts `plan` under a new id and, unless it is a proposal, the host's next
// epoch. Returns these, with the host, and nothing else of the record. The host
// exists.
absl::StatusOr<PlanRecord> InsertPlan(Connection& db, const PlanRecord& plan);

// Returns the plan's id and host, and the epoch that it got if it is a proposal
// that is to be sent. NOT_FOUND if there is no such plan; INVALID_ARGUMENT if
// it was sent before.
absl::StatusOr<PlanRecord> UpdatePlan(Connection& db, const PlanUpdate& update);

// With moves and inputs. NOT_FOUND.
absl::StatusOr<PlanRecord> ReadPlan(Connection& db, const std::string& host,
                                    Epoch epoch);
// Also one that was sent since.
absl::StatusOr<PlanRecord> ReadProposal(Connection& db, const std::string& host,
                                        std::uint64_t id);

absl::StatusOr<std::vector<PlanRecord>> ReadPlans(Connection& db,
                                                  const PlanPage& page);

// The plan with the highest epoch of every host, and the newest plan still
// PROPOSED; with moves, without inputs. Forgotten hosts have none.
absl::StatusOr<std::vector<PlanRecord>> ReadLastPlans(Connection& db);
absl::StatusOr<std::vector<PlanRecord>> ReadOpenProposals(Connection& db);

// Moves that were made, of plans created at `since` or later and of proposals
// answered since; oldest first.
absl::StatusOr<std::vector<RecentMove>> ReadRecentMoves(Connection& db,
                                                        WallTime since);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_PLAN_ROWS_H_
