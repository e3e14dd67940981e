// The store on SQLite: control.db and telemetry.db in one directory, each with
// one connection on a thread of its own; a third thread makes backups.
#ifndef LB_CONTROLLER_STORE_SQLITE_STORE_H_
#define LB_CONTROLLER_STORE_SQLITE_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/status.h"
#include "controller/core/event_loop.h"
#include "controller/core/store.h"
#include "controller/store/backup.h"
#include "controller/store/control_db.h"
#include "controller/store/data_directory.h"
#include "controller/store/store_options.h"
#include "controller/store/telemetry_db.h"
#include "controller/store/work_queue.h"

namespace lb::controller {

class SqliteStore final : public Store {
 public:
  // Telemetry rows that may wait; beyond, they are dropped and counted.
  static constexpr std::size_t kMostSamples = 65'536;
  // Changes of one transaction.
  static constexpr std::size_t kMostGrouped = 256;

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

  StoreIdentity identity() const override { return identity_->Get(); }
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
  // Any thread. Outlives the store in results that were not delivered yet.
  class SharedIdentity {
   public:
    explicit SharedIdentity(StoreIdentity identity)
        : identity_(std::move(identity)) {}
    StoreIdentity Get() const;
    void Adopt(Term term);

   private:
    mutable std::mutex mutex_;
    StoreIdentity identity_;
  };
  struct Write {
    Change change;
    Callback<Committed> callback;
  };
  // Done on a file's thread, between commits.
  using ControlTask = absl::AnyInvocable<void(ControlDb&) &&>;
  using TelemetryTask = absl::AnyInvocable<void(TelemetryDb&) &&>;
  using ControlWork = std::variant<Write, ControlTask>;
  using TelemetryWork = std::variant<Sample, TelemetryTask>;
  struct WantedBackup {
    std::string directory;
    Callback<BackupInfo> callback;
  };

  SqliteStore(const StoreOptions& options, DataDirectory directory,
              ControlDb control, TelemetryDb telemetry, Executor& executor,
              const Clock& clock);

  template <class T>
  void Answer(absl::StatusOr<T> result, Callback<T> callback);
  // Answers with what `read` finds in the file.
  template <class T, class ReadFrom>
  void ReadControl(ReadFrom read, Callback<T> callback);
  // The same for pages of up to `limit` rows: `read` is asked for some at a
  // time, those after the last it gave, so that commits get their turn.
  template <class T, class ReadFrom>
  void ReadPage(std::uint32_t limit, std::uint32_t at_once, ReadFrom read,
                Callback<std::vector<T>> callback, std::vector<T> found = {});
  template <class T, class ReadFrom>
  void ReadTelemetry(ReadFrom read, Callback<T> callback);
  void PostSample(Sample sample);

  void RunControl();
  // Commits a run of writes that begins at `first`; returns where it ends.
  std::size_t CommitGroup(std::vector<ControlWork>& work, std::size_t first);
  // `adopted`: the term that was, if the result is OK.
  void Deliver(std::optional<Term> adopted, absl::StatusOr<Committed> result,
               Callback<Committed> callback);
  // Begins to prune once a minute; then a step at a time, between other work.
  void PruneIfDue();
  void PruneStep(ControlDb& control);

  void RunTelemetry();
  // Appends a run of samples that begins at `first`; returns where it ends.
  std::size_t AppendGroup(std::vector<TelemetryWork>& work, std::size_t first);

  void RunBackups();

  const StoreOptions options_;
  const DataDirectory directory_;
  const std::shared_ptr<SharedIdentity> identity_;
  Executor& executor_;
  const Clock& clock_;
  // Of control_thread_:
  ControlDb control_;
  bool pruning_ = false;  // a step is in the queue
  MonotonicTime next_prune_{};
  // Of telemetry_thread_:
  TelemetryDb telemetry_;
  bool telemetry_fails_ = false;
  // Any thread:
  WorkQueue<ControlWork> control_work_;
  WorkQueue<TelemetryWork> telemetry_work_;
  WorkQueue<WantedBackup> backups_;
  std::atomic<std::uint64_t> dropped_samples_ = 0;
  std::thread control_thread_;
  std::thread telemetry_thread_;
  std::thread backup_thread_;
};

// kExitDamagedStore for a damaged, foreign or newer store, kExitStoreBusy for
// one that another process holds, else kExitFailure.
ExitCode ExitCodeOf(const absl::Status& open_error);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_SQLITE_STORE_H_
