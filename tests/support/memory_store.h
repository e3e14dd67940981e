// A Store in memory, with the switches a test needs: commits that wait until
// they are let go, and commits that fail. Results arrive on the executor. One
// thread, the loop's.
#ifndef LB_TESTS_SUPPORT_MEMORY_STORE_H_
#define LB_TESTS_SUPPORT_MEMORY_STORE_H_

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/core/event_loop.h"
#include "controller/core/store.h"

namespace lb::controller {

class MemoryStore final : public Store {
 public:
  MemoryStore(Executor& executor, StoreIdentity identity)
      : executor_(executor), identity_(std::move(identity)) {}

  // A controller that starts again on what this one left.
  void Restart() { identity_.term = Term(identity_.term.value() + 1); }

  // While held, nothing is committed or read; Release() does it all, in order.
  void Hold() { held_ = true; }
  void Release();
  // While set, commits fail with this and change nothing.
  void FailCommits(absl::Status status) { failure_ = std::move(status); }
  void Heal() { failure_ = absl::OkStatus(); }

  const std::vector<PlanRecord>& plans() const { return plans_; }
  const std::vector<Event>& events() const { return events_; }
  const std::map<std::string, HostRecord>& hosts() const { return hosts_; }
  std::size_t processor_samples() const { return processor_samples_.size(); }
  const std::vector<BucketSample>& bucket_samples() const {
    return bucket_samples_;
  }
  // How many events of a kind there are.
  std::size_t Count(EventKind kind) const;

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
  void Append(ProcessorSample sample) override {
    processor_samples_.push_back(std::move(sample));
  }
  void Append(BucketSample sample) override {
    bucket_samples_.push_back(std::move(sample));
  }

 private:
  absl::StatusOr<Committed> Apply(Change& change);
  absl::Status ApplyUpdate(const PlanUpdate& update);
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

  std::uint64_t revision_ = 0;
  std::map<std::string, HostRecord> hosts_;
  std::vector<PlanRecord> plans_;  // plans_[id - 1]
  std::vector<Event> events_;
  std::optional<PolicyRecord> policy_;
  std::vector<ProcessorSample> processor_samples_;
  std::vector<BucketSample> bucket_samples_;
};

}  // namespace lb::controller

#endif  // LB_TESTS_SUPPORT_MEMORY_STORE_H_
