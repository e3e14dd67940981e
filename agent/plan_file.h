// The last plan, kept on disk so that a host goes on with it after a restart
// even if no controller is there. Control thread only.
#ifndef LB_AGENT_PLAN_FILE_H_
#define LB_AGENT_PLAN_FILE_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/messages.h"
#include "common/table.h"

namespace lb::agent {

struct PlanRecord {
  std::string host;
  std::string store_id;  // that committed the last plan seen; empty: none
  Term seen_term;        // highest seen
  Epoch seen_epoch;
  Term term;  // of the plan `table` came from; 0: dealt
  Epoch epoch;
  bool applying = false;       // the plan last seen has no result yet
  std::optional<Table> table;  // in force; absent: this is the first start
  std::optional<PlanResult> unacknowledged;
};

// One line "lb-plan VERSION XXH3-64 BYTES", then the record as JSON.
class PlanFile {
 public:
  explicit PlanFile(std::string path) : path_(std::move(path)) {}

  // What was saved last; a record of `host` with nothing in it if there is no
  // file. DATA_LOSS for a damaged file, FAILED_PRECONDITION for one of a newer
  // version or another host; each line names the way out, and the file stays.
  absl::StatusOr<PlanRecord> Load(const std::string& host) const;

  // Durable once it returns OK; see WriteFileDurably().
  absl::Status Save(const PlanRecord& record) const;

 private:
  std::string path_;
};

}  // namespace lb::agent

#endif  // LB_AGENT_PLAN_FILE_H_
