// control.db: commits in groups, reads between them. One thread at a time.
#ifndef LB_CONTROLLER_STORE_CONTROL_DB_H_
#define LB_CONTROLLER_STORE_CONTROL_DB_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/store.h"
#include "controller/store/held_database.h"
#include "controller/store/sqlite.h"
#include "controller/store/store_options.h"

namespace lb::controller {

class ControlDb {
 public:
  // Opens the file and takes the next term, durably. Errors as of
  // OpenDatabase().
  static absl::StatusOr<ControlDb> Open(const std::string& path, WallTime now);
  // A new store with a new id.
  static absl::Status Create(const std::string& path, WallTime now);

  // As of Open().
  const StoreIdentity& identity() const { return identity_; }
  // For reads and copies. After an error of it the next Commit() mends it.
  HeldDatabase& file() { return file_; }

  // Commits all changes in one transaction, each all or nothing: one result
  // for each. A change that is wrong in itself fails alone; if the file fails,
  // all do, with UNAVAILABLE, and the next call tries a new connection.
  // Changes without an event are of time `now`.
  std::vector<absl::StatusOr<Committed>> Commit(std::span<const Change> changes,
                                                WallTime now);

  // One step of PruneInputs(), committed with its audit record. False: nothing
  // had to go. UNAVAILABLE.
  absl::StatusOr<bool> Prune(const InputLimits& limits, WallTime now);

  absl::StatusOr<StoredState> LoadState(WallTime moves_since);

 private:
  // Where the history ends.
  struct End {
    std::uint64_t revision = 0;
    AuditHead head;
    std::uint64_t inputs_bytes = 0;  // of all plans and decisions
  };

  ControlDb(HeldDatabase file, StoreIdentity identity)
      : file_(std::move(file)), identity_(std::move(identity)) {}

  static absl::StatusOr<End> ReadEnd(Connection& db);
  // Writes one change, after which the history ends in `end`.
  static absl::StatusOr<Committed> Apply(Connection& db, const Change& change,
                                         WallTime now, End& end);
  // Writes the changes and adds a result for each. The first error ends it.
  static absl::Status ApplyTogether(
      Connection& db, std::span<const Change> changes, WallTime now, End& end,
      std::vector<absl::StatusOr<Committed>>& results);
  // The same, but a change that is wrong in itself is left out.
  static absl::Status ApplyEach(
      Connection& db, std::span<const Change> changes, WallTime now, End& end,
      std::vector<absl::StatusOr<Committed>>& results);
  absl::Status CommitAll(std::span<const Change> changes, WallTime now,
                         std::vector<absl::StatusOr<Committed>>& results);
  absl::StatusOr<bool> PruneStep(const InputLimits& limits, WallTime now);
  // Ends the transaction that brings the history to `end`.
  absl::Status Finish(Connection& db, const End& end);
  // After an error of the file: whether the transaction that was to bring it
  // to `revision` is there nevertheless.
  bool IsDurable(std::uint64_t revision);

  HeldDatabase file_;
  StoreIdentity identity_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_CONTROL_DB_H_
