// A Store in memory, with the switches a test needs: commits that wait until
// they are let go, and commits that fail. Results arrive on the executor. One
// thread, the loop's.
#ifndef LB_TESTS_SUPPORT_MEMORY_STORE_H_
#define LB_TESTS_SUPPORT_MEMORY_STORE_H_

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "controller/core/event_loop.h"
#include "controller/core/store.h"

namespace lb::controller {

class MemoryStore final : public Store {
 public:
  // Everything that is durable, but for the identity and telemetry.
  struct Contents {
    std::uint64_t revision = 0;
    std::map<std::string, HostRecord> hosts;
    std::vector<PlanRecord> plans;     // plans[id - 1]
    std::set<std::uint64_t> proposed;  // ids of what began as proposals
    std::vector<Event> events;
    std::vector<PolicyRecord> policies;  // of all hosts; revision i + 1
    std::optional<PolicyRecord> policy;
    std::optional<Pause> fleet_pause;
    std::set<std::string> forgotten;
    std::vector<AuditRecord> audit;
    std::vector<DecisionRecord> decisions;
    std::map<std::pair<std::string, std::string>, RequestRecord> requests;
  };
  // A change of a stored plan's state.
  struct Transition {
    std::uint64_t plan_id = 0;
    PlanState from;
    PlanState to;
  };

  MemoryStore(Executor& executor, StoreIdentity identity)
      : executor_(executor), identity_(std::move(identity)) {}

  // A controller that starts again on what this one left: what waited is not
  // done any more.
  void Restart() {
    held_ = false;
    waiting_.clear();
    identity_.term = Term(identity_.term.value() + 1);
  }

  // A backup, and the store put back to it, at its term; it is fenced.
  std::pair<StoreIdentity, Contents> Save() const { return {identity_, now_}; }
  void PutBack(std::pair<StoreIdentity, Contents> copy) {
    std::tie(identity_, now_) = std::move(copy);
    identity_.fenced = "a backup was put back";
  }

  // While held, nothing is committed or read; Release() does it all, in order.
  void Hold() { held_ = true; }
  void Release();
  // Does only the first `count` of what waits.
  void ReleaseFirst(std::size_t count);
  // While set, commits fail with this and change nothing.
  void FailCommits(absl::Status status) { failure_ = std::move(status); }
  void Heal() { failure_ = absl::OkStatus(); }

  const std::vector<PlanRecord>& plans() const { return now_.plans; }
  const std::vector<Event>& events() const { return now_.events; }
  const std::vector<AuditRecord>& audit() const { return now_.audit; }
  // As one could who can write to the files.
  AuditRecord& audit_at(std::uint64_t sequence) {
    return now_.audit[sequence - 1];
  }
  const std::vector<DecisionRecord>& decisions() const {
    return now_.decisions;
  }
  const std::map<std::string, HostRecord>& hosts() const { return now_.hosts; }
  std::size_t processor_samples() const { return processor_samples_.size(); }
  const std::vector<BucketSample>& bucket_samples() const {
    return bucket_samples_;
  }
  // Since the beginning, in their order.
  const std::vector<Transition>& transitions() const { return transitions_; }
  // How many events of a kind there are.
  std::size_t Count(EventKind kind) const;

  StoreIdentity identity() const override { return identity_; }
  StoreStatistics statistics() const override { return {}; }
  // As a backup's copy is.
  void Fence(std::string why) { identity_.fenced = std::move(why); }
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
  // Nothing is written; the answer has the last revision.
  void BackUp(std::string directory, Callback<BackupInfo> callback) override;
  void Append(ProcessorSample sample) override {
    processor_samples_.push_back(std::move(sample));
  }
  void Append(BucketSample sample) override {
    bucket_samples_.push_back(std::move(sample));
  }

 private:
  // What would make the change wrong in itself.
  absl::Status Check(const Change& change) const;
  absl::StatusOr<Committed> Apply(Change& change);
  void ApplyUpdate(const PlanUpdate& update);
  void ApplyHost(const HostRecord& host);
  void ApplyPlan(PlanRecord& plan);
  StoredState State(WallTime moves_since) const;
  // Runs `work` now, or when the store is let go.
  void Do(Task work);
  template <class T>
  void Answer(absl::StatusOr<T> result, Callback<T> callback);

  Executor& executor_;
  StoreIdentity identity_;
  bool held_ = false;
  std::deque<Task> waiting_;
  absl::Status failure_;
  Contents now_;
  std::vector<Transition> transitions_;
  std::vector<ProcessorSample> processor_samples_;
  std::vector<BucketSample> bucket_samples_;
};

}  // namespace lb::controller

#endif  // LB_TESTS_SUPPORT_MEMORY_STORE_H_
