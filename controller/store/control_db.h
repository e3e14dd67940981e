// control.db: commits in groups, reads between them. One thread at a time.
#ifndef LB_CONTROLLER_STORE_CONTROL_DB_H_
#define LB_CONTROLLER_STORE_CONTROL_DB_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/store.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

class ControlDb {
 public:
  // Opens the file and takes the next term, durably. Errors as of
  // OpenDatabase().
  static absl::StatusOr<ControlDb> Open(const std::string& path, WallTime now);
  // A new store with a new id.
  static absl::Status Create(const std::string& path, WallTime now);

  const StoreIdentity& identity() const { return identity_; }

  // Commits all changes in one transaction, each all or nothing: one result
  // for each. A change that is wrong in itself fails alone; if the file fails,
  // all do, with UNAVAILABLE, and the next call tries a new connection.
  std::vector<absl::StatusOr<Committed>> Commit(
      std::span<const Change> changes);

  absl::StatusOr<StoredState> LoadState(WallTime moves_since);
  absl::StatusOr<PlanRecord> GetPlan(const std::string& host, Epoch epoch);
  absl::StatusOr<PlanRecord> GetProposal(const std::string& host,
                                         std::uint64_t id);
  absl::StatusOr<std::vector<PlanRecord>> ListPlans(const PlanPage& page);
  absl::StatusOr<std::vector<Event>> ListEvents(const EventPage& page);
  absl::StatusOr<std::vector<Event>> ListEventsAfter(const std::string& host,
                                                     std::uint64_t after,
                                                     std::uint32_t limit);

 private:
  ControlDb(std::string path, Connection db, StoreIdentity identity)
      : path_(std::move(path)),
        db_(std::move(db)),
        identity_(std::move(identity)) {}

  // A connection that works; UNAVAILABLE.
  absl::Status Connect();
  absl::Status CommitAll(std::span<const Change> changes,
                         std::vector<absl::StatusOr<Committed>>& results);
  // After an error of the file: whether the transaction that was to bring it
  // to `revision` is there nevertheless.
  bool IsDurable(std::uint64_t revision);

  std::string path_;
  std::optional<Connection> db_;  // empty: to be opened again
  StoreIdentity identity_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_CONTROL_DB_H_
