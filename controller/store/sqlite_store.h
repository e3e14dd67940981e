// The store on SQLite: control.db and telemetry.db in one directory, each with
// one connection on a thread of its own.
#ifndef LB_CONTROLLER_STORE_SQLITE_STORE_H_
#define LB_CONTROLLER_STORE_SQLITE_STORE_H_

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/status.h"
#include "controller/core/event_loop.h"
#include "controller/core/store.h"
#include "controller/store/control_db.h"
#include "controller/store/data_directory.h"
#include "controller/store/telemetry_db.h"
#include "controller/store/work_queue.h"

namespace lb::controller {

class SqliteStore final : public Store {
 public:
  // Telemetry rows that may wait; beyond, they are dropped and counted.
  static constexpr std::size_t kMostSamples = 65'536;
  // Changes of one transaction.
  static constexpr std::size_t kMostGrouped = 256;

  // Opens the store in `directory`, or makes a new one where there is none.
  // Takes the next term. Results are posted to `executor`, which outlives the
  // store. Errors: see ExitCodeOf().
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(
      const std::string& directory, Executor& executor, const Clock& clock);
  // Commits and answers what was asked for before.
  ~SqliteStore() override;

  StoreIdentity identity() const override { return identity_; }
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
  void Append(ProcessorSample sample) override;
  void Append(BucketSample sample) override;

 private:
  struct Write {
    Change change;
    Callback<Committed> callback;
  };
  // Reads from the database and posts the answer.
  using Read = absl::AnyInvocable<void(ControlDb&) &&>;
  using Work = std::variant<Write, Read>;

  SqliteStore(DataDirectory directory, ControlDb control, TelemetryDb telemetry,
              Executor& executor);

  template <class T, class ReadFrom>
  void PostRead(ReadFrom read, Callback<T> callback);
  void PostSample(Sample sample);
  void RunControl();
  void RunTelemetry();
  // Commits a run of writes that begins at `first`; returns where it ends.
  std::size_t CommitGroup(std::vector<Work>& work, std::size_t first);

  const DataDirectory directory_;
  const StoreIdentity identity_;
  Executor& executor_;
  ControlDb control_;      // of control_thread_
  TelemetryDb telemetry_;  // of telemetry_thread_
  WorkQueue<Work> work_;
  WorkQueue<Sample> samples_;
  std::atomic<std::uint64_t> dropped_samples_ = 0;
  std::thread control_thread_;
  std::thread telemetry_thread_;
};

// kExitDamagedStore for a damaged, foreign or newer store, kExitStoreBusy for
// one that another process holds, else kExitFailure.
ExitCode ExitCodeOf(const absl::Status& open_error);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_SQLITE_STORE_H_
