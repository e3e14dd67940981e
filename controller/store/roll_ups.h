// Keeps the minutes and hours of telemetry.db up with its reports. One thread
// at a time.
//
// Reports are added up in memory; when a minute is over, its sums are added to
// the rows of their minutes and hours, in the transaction of the report that
// shows it, together with the number of the last row of reports that is in
// them. After a start or an error the rows that follow this number are read
// again, so every report is in its minute and hour exactly once, whenever it
// came, and its row is named once (see report_rows.h).
#ifndef LB_CONTROLLER_STORE_ROLL_UPS_H_
#define LB_CONTROLLER_STORE_ROLL_UPS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/core/roll_up.h"
#include "controller/store/report_rows.h"
#include "controller/store/sample_rows.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

class RollUps {
 public:
  // `samples` were inserted as `rows` in the transaction that is open. While
  // rows from before are not added up yet, some of those have their turn first,
  // more than come now, and the new ones wait for theirs. If this fails or the
  // transaction does, a new RollUps has to go on.
  absl::Status Add(Connection& db, std::span<const std::uint64_t> rows,
                   std::span<const Sample> samples);

  // The host's rows that no minute names yet.
  absl::StatusOr<RowsByMinute> UnnamedRows(Connection& db,
                                           const std::string& host);

 private:
  // The reports of one host and minute.
  struct Open {
    LoadRollUp sum;
    std::vector<std::uint64_t> rows;
  };

  // Sets last_row_ while rows from `before` on are new.
  absl::Status FindLastRow(Connection& db, std::uint64_t before);
  // Adds so many reports, and some more, that are before row `before`.
  absl::Status CatchUp(Connection& db, std::uint64_t before,
                       std::size_t reports);
  absl::Status AddReport(Connection& db, std::uint64_t row,
                         const ProcessorSample& report);
  // Adds what is in memory to its rows.
  absl::Status Write(Connection& db);

  bool behind_ = true;  // rows may follow last_row_
  // In the sums or in memory; none: as the file says.
  std::optional<std::uint64_t> last_row_;
  WallTime minute_;  // of the reports that come
  // By minute and host; besides the present minute's those that came late.
  std::map<WallTime, std::unordered_map<std::string, Open>> open_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_ROLL_UPS_H_
