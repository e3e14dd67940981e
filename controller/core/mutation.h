// The one way of every call that changes something: request id, preconditions,
// one transaction with its audit, then memory, then the answer. On the loop's
// thread, callbacks too.
#ifndef LB_CONTROLLER_CORE_MUTATION_H_
#define LB_CONTROLLER_CORE_MUTATION_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/access.h"
#include "controller/core/allowance.h"
#include "controller/core/audit.h"
#include "controller/core/event_loop.h"
#include "controller/core/journal.h"
#include "controller/core/store.h"

namespace lb::controller {

// That a change was made, and its place in the audit.
struct Receipt {
  std::uint64_t revision = 0;  // 0: only validated
  AuditHead head;
  bool repeated = false;  // it was made before, under the same request id
};

// What a call comes to: to be committed with its audit.
struct Draft {
  Change change;       // without audit and request
  std::string before;  // of what is changed, as JSON; empty: nothing
  std::string after;
  std::string subject;  // for RequestRecord, unless the store names it
};

struct Outcome {
  Receipt receipt;
  std::string subject;  // of a repeated one: what it made then
};

struct Mutation {
  Call call;
  // Mutations in the same line run one after another, from the look-up of the
  // request id to the answer. A host's name, or one that no host can have.
  std::string line;
  // Fetches what `prepare` needs and memory does not have. Empty: nothing.
  std::function<void(std::function<void(absl::Status)> then)> gather{};
  // Checks and drafts, and changes nothing. Called right before the commit, so
  // that what it checks cannot change in between.
  std::function<absl::StatusOr<Draft>()> prepare{};
  // Empty: Journal::Commit().
  std::function<void(Change change, Store::Callback<Committed> done)> commit{};
  // It is durable: takes it up in memory.
  std::function<void(const Committed& committed)> carry_out{};
  // Called exactly once.
  absl::AnyInvocable<void(absl::StatusOr<Outcome>) &&> answer{};
};

class Mutations {
 public:
  // In one line; RESOURCE_EXHAUSTED beyond.
  static constexpr std::size_t kMostWaiting = 100;
  static constexpr std::size_t kMaxReason = 500;    // bytes of UTF-8
  static constexpr std::size_t kMaxRequestId = 64;  // printable bytes
  // Refusals of one caller's method are one audit record in this time.
  static constexpr std::chrono::minutes kRefusalInterval{1};
  // Of so many callers and methods at a time; those beyond count as one.
  static constexpr std::size_t kMostRefused = 1'000;

  // All outlive this and its callbacks.
  Mutations(Store& store, Journal& journal, const Clock& clock)
      : store_(store), journal_(journal), clock_(clock) {}

  void Run(Mutation mutation);
  // A call that was refused before it came here.
  void Refused(const Call& call, const absl::Status& why);

 private:
  using Shared = std::shared_ptr<Mutation>;

  void Start(const Shared& mutation);
  void Gather(const Shared& mutation);
  void Commit(const Shared& mutation);
  void OnCommitted(const Shared& mutation,
                   const absl::StatusOr<Committed>& committed);
  // The request id is known: answers again, if it is the same request.
  void AnswerAgain(const Shared& mutation, const RequestRecord& before);
  // Audits the refusal, then answers.
  void Refuse(const Shared& mutation, const absl::Status& why);
  void Finish(const Shared& mutation, absl::StatusOr<Outcome> outcome);

  Store& store_;
  Journal& journal_;
  const Clock& clock_;
  // A line that is here has a mutation under way; those waiting behind it.
  std::map<std::string, std::deque<Shared>> lines_;
  std::map<std::pair<std::string, std::string>, Allowance> refused_;
  Allowance refused_event_{kRefusalInterval, 1};
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_MUTATION_H_
