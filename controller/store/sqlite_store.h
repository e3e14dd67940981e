// The store on SQLite: control.db and telemetry.db in one directory, each with
// a thread of its own; a third thread makes backups.
#ifndef LB_CONTROLLER_STORE_SQLITE_STORE_H_
#define LB_CONTROLLER_STORE_SQLITE_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/status.h"
#include "controller/core/event_loop.h"
#include "controller/core/store.h"
#include "controller/store/backup.h"
#include "controller/store/control_db.h"
#include "controller/store/control_thread.h"
#include "controller/store/data_directory.h"
#include "controller/store/store_options.h"
#include "controller/store/telemetry_db.h"
#include "controller/store/telemetry_thread.h"
#include "controller/store/work_queue.h"

namespace lb::controller {

class SqliteStore final : public Store {
 public:
  // Opens the store in `options.directory`, or makes a new one where there is
  // none. Takes the next term. Results are posted to `executor`, which, as
  // `clock`, outlives the store. Errors: see ExitCodeOf().
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(
      const StoreOptions& options, Executor& executor, const Clock& clock);
  // With what else options are by default.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(
      const std::string& directory, Executor& executor, const Clock& clock) {
    return Open(StoreOptions{.directory = directory}, executor, clock);
  }
  // Commits and answers what was asked for before; backups are CANCELLED.
  ~SqliteStore() override;

  StoreIdentity identity() const override { return control_.identity(); }
  StoreStatistics statistics() const override;
  void LoadState(WallTime moves_since, Callback<StoredState> callback) override;
  void Commit(Change change, Callback<Committed> callback) override;
  void GetPlan(std::string host, Epoch epoch,
               Callback<PlanRecord> callback) override;
  void GetProposal(std::string host, std::uint64_t id,
                   Callback<PlanRecord> callback) override;
  void ListPlans(PlanPage page,
                 Callback<std::vector<PlanRecord>> callback) override;
  void ListEvents(EventPage page,
                  Callback<std::vector<Event>> callback) override;
  void ListEventsAfter(std::string host, std::uint64_t after,
                       std::uint32_t limit,
                       Callback<std::vector<Event>> callback) override;
  void GetPolicy(std::uint64_t revision,
                 Callback<PolicyRecord> callback) override;
  void GetDecision(std::string host, std::uint64_t revision,
                   Callback<DecisionRecord> callback) override;
  void FindRequest(std::string caller, std::string request_id,
                   Callback<RequestRecord> callback) override;
  void ListAudit(std::uint64_t before, std::uint32_t limit,
                 Callback<std::vector<AuditRecord>> callback) override;
  void ListAuditAfter(std::uint64_t after, std::uint32_t limit,
                      Callback<std::vector<AuditRecord>> callback) override;
  void ListProcessorSamples(
      SamplePage page,
      Callback<std::vector<StoredProcessorSample>> callback) override;
  void ListBucketSamples(
      SamplePage page,
      Callback<std::vector<StoredBucketSample>> callback) override;
  void ListRollUps(RollUpPeriod period, SamplePage page,
                   Callback<std::vector<StoredRollUp>> callback) override;
  void BackUp(std::string directory, Callback<BackupInfo> callback) override;
  void Append(ProcessorSample sample) override;
  void Append(BucketSample sample) override;

 private:
  struct WantedBackup {
    std::string directory;
    Callback<BackupInfo> callback;
  };

  SqliteStore(const StoreOptions& options, DataDirectory directory,
              ControlDb control, TelemetryDb telemetry, Executor& executor,
              const Clock& clock);

  void RunBackups();

  const DataDirectory directory_;
  Executor& executor_;
  const Clock& clock_;
  ControlThread control_;
  TelemetryThread telemetry_;
  WorkQueue<WantedBackup> backups_;
  std::thread backup_thread_;
};

// kExitDamagedStore for a damaged, foreign or newer store, kExitStoreBusy for
// one that another process holds, else kExitFailure.
ExitCode ExitCodeOf(const absl::Status& open_error);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_SQLITE_STORE_H_
