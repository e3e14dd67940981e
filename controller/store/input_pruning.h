// Removes what old plans and decisions rest on, so that control.db does not
// grow for ever; the plans and decisions themselves stay. Used on the
// connection's thread, within its transactions.
#ifndef LB_CONTROLLER_STORE_INPUT_PRUNING_H_
#define LB_CONTROLLER_STORE_INPUT_PRUNING_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/audit.h"
#include "controller/store/sqlite.h"
#include "controller/store/store_options.h"

namespace lb::controller {

struct PrunedInputs {
  std::uint64_t bytes = 0;
  AuditRecord audit;  // of what went, with its digest; no revision yet
};

// One step of bounded work, of plans or of decisions, whichever has the oldest
// inputs. Empty: of `stored_bytes`, nothing is too much or too old.
absl::StatusOr<std::optional<PrunedInputs>> PruneInputs(
    Connection& db, const InputLimits& limits, std::uint64_t stored_bytes,
    WallTime now);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_INPUT_PRUNING_H_
