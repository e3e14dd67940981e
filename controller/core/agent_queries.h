// What only an agent can answer, because only it has the hash key: where a
// connection goes, and which connections of a bucket are heaviest. Asks over
// the host's stream and brings the answer to who asked. On the loop's thread,
// callbacks too.
#ifndef LB_CONTROLLER_CORE_AGENT_QUERIES_H_
#define LB_CONTROLLER_CORE_AGENT_QUERIES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/flow_trace.h"
#include "controller/core/agent_link.h"
#include "controller/core/agent_messages.h"
#include "controller/core/event_loop.h"
#include "controller/core/host_session.h"

namespace lb::controller {

// How a host is reached at present.
struct AgentReach {
  SessionId session = 0;      // 0: it is not connected
  AgentLink* link = nullptr;  // the session's; null: it is not connected
  bool answers = false;       // its agent has the feature "query"
  std::uint32_t buckets = 0;  // of its table
};

// Errors of every method: INVALID_ARGUMENT for names and values that cannot be,
// NOT_FOUND for a host or bucket that there is not, FAILED_PRECONDITION if the
// host is not connected, its agent cannot be asked, or says why it has no
// answer; RESOURCE_EXHAUSTED if it has too many questions before it,
// DEADLINE_EXCEEDED if it says nothing, UNAVAILABLE if it goes away.
class AgentQueries {
 public:
  // An agent that has not answered after this long is given up on.
  static constexpr std::chrono::seconds kAnswerLimit{5};
  // How often it is looked whether the session still is there.
  static constexpr std::chrono::milliseconds kLook{500};
  // Questions to one session without an answer.
  static constexpr std::size_t kMostPending = 32;
  static constexpr std::int32_t kDefaultFlows = 10;
  static constexpr std::int32_t kMostFlows = 100;

  template <class T>
  using Done = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;
  // By the host's name; NOT_FOUND.
  using Find = std::function<absl::StatusOr<AgentReach>(const std::string&)>;

  // The loop and the clock outlive the queries, and the loop runs nothing more
  // once they are gone.
  AgentQueries(EventLoop& loop, const Clock& clock, Find find)
      : loop_(loop), clock_(clock), find_(std::move(find)) {}

  // `parent` is hosts/HOST.
  void TraceFlow(const std::string& parent, const FlowKey& key,
                 Done<FlowTrace> done);
  // `parent` is hosts/HOST/buckets/B; page_size: 0 means 10, at most 100.
  // Heaviest first.
  void ListHeaviestFlows(const std::string& parent, std::int32_t page_size,
                         Done<std::vector<FlowInfo>> done);

  // What a host's agent said. If nobody waits for it, it is ignored.
  void OnAnswer(const std::string& host, const Answer& answer);

 private:
  using Take = absl::AnyInvocable<void(absl::StatusOr<Answer>) &&>;
  struct Pending {
    SessionId session = 0;
    std::string host;
    MonotonicTime deadline;
    Take take;
  };

  // Asks `host`; or calls `take` with what is against it.
  void Ask(const std::string& host, std::variant<FlowKey, HeaviestFlows> what,
           Take take);
  absl::Status CheckReach(const std::string& host, const AgentReach& reach,
                          const std::variant<FlowKey, HeaviestFlows>& what);
  // Gives the question up if it is time to, else looks again later.
  void Look(std::uint64_t id);
  // Ends a question that is still open.
  void Settle(std::uint64_t id, absl::StatusOr<Answer> answer);

  EventLoop& loop_;
  const Clock& clock_;
  const Find find_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, Pending> pending_;  // by the query's id
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_AGENT_QUERIES_H_
