// Values and waiting for tests of stores.
#ifndef LB_TESTS_CONTROLLER_STORE_SAMPLES_H_
#define LB_TESTS_CONTROLLER_STORE_SAMPLES_H_

#include <cstdint>
#include <functional>
#include <future>
#include <string>

#include "controller/core/event_loop.h"
#include "controller/core/store.h"

namespace lb::controller {

// Runs tasks at once, on the poster's thread.
class DirectExecutor final : public Executor {
 public:
  void Post(Task task) override { std::move(task)(); }
};

// Waits for the answer to a call: Await<Committed>([&](auto callback) {
// store.Commit(change, std::move(callback)); }).
template <class T>
absl::StatusOr<T> Await(std::function<void(Store::Callback<T>)> call) {
  std::promise<absl::StatusOr<T>> promise;
  call([&promise](absl::StatusOr<T> result) {
    promise.set_value(std::move(result));
  });
  return promise.get_future().get();
}

inline absl::StatusOr<Committed> CommitNow(Store& store, Change change) {
  return Await<Committed>([&](Store::Callback<Committed> callback) {
    store.Commit(std::move(change), std::move(callback));
  });
}

// 2026-01-01 plus `seconds`.
WallTime At(int seconds);

HostRecord SampleHost(const std::string& name);
// A plan of two moves with every field set.
PlanRecord SamplePlan(const std::string& host);
Event SampleEvent(const std::string& host, EventKind kind);
AuditRecord SampleAudit(const std::string& resource);
RequestRecord SampleRequest(const std::string& request_id, WallTime time);
// With the event it needs, a measurement and inputs.
Change DecisionChange(const std::string& host);
// A new proposal, with its host.
Change ProposalChange(const std::string& host);
// A change that is nothing but an audit record.
Change AuditChange(const std::string& resource);
// One processor sample and one bucket sample of a host.
ProcessorSample SampleProcessors(const std::string& host, WallTime time);
BucketSample SampleBuckets(const std::string& host, WallTime time);
// A host that is written with an event.
Change HostChange(const std::string& name);
// A new plan of that host, with the host.
Change PlanChange(const std::string& host);

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_STORE_SAMPLES_H_
