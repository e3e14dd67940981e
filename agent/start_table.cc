#include "agent/start_table.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::agent {

StartTable ChooseStartTable(const PlanRecord& record, const Layout& layout) {
  if (!record.table) return {DealRoundRobin(layout), "", false};
  const absl::Status fits = ValidateTable(*record.table, layout);
  if (fits.ok()) return {*record.table, "", false};
  const bool new_key = record.table->hash == layout.hash &&
                       record.table->key_id != layout.key_id;
  return {DealRoundRobin(layout), OneLine(fits), new_key};
}

PlanRecord StartRecord(PlanRecord record, const StartTable& start) {
  if (record.table != start.table) {
    record.term = Term();
    record.epoch = Epoch();
  }
  record.table = start.table;
  if (record.applying) {
    record.applying = false;
    PlanResult result;
    result.term = record.seen_term;
    result.epoch = record.seen_epoch;
    result.reason =
        "the agent ended while it applied the plan and has "
        "started with the table before it";
    result.applied.table = ComputeDigest(start.table);
    record.unacknowledged = std::move(result);
  }
  return record;
}

}  // namespace lb::agent
