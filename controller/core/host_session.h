// One stream of one host: whether what it says can be believed, and how old
// its reports are. On the loop's thread.
#ifndef LB_CONTROLLER_CORE_HOST_SESSION_H_
#define LB_CONTROLLER_CORE_HOST_SESSION_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/clock.h"
#include "controller/core/agent_link.h"
#include "controller/core/agent_messages.h"

namespace lb::controller {

// Rises over all streams of a controller; 0 names none.
using SessionId = std::uint64_t;

// What an agent may be able to do, beside what all are.
inline constexpr std::string_view kDrainFeature = "drain";
inline constexpr std::string_view kQueryFeature = "query";

// INVALID_ARGUMENT unless `host` is 1 to 63 letters, digits, '.', '_' or '-'
// and begins with a letter or digit, so that it can stand in hosts/HOST.
absl::Status ValidateHostName(std::string_view host);

// INVALID_ARGUMENT, naming what is wrong, unless name, instance, layout, table
// and digest are sound and fit together; FAILED_PRECONDITION if the agent's
// protocol revision is not one that this program serves.
absl::Status ValidateHello(const Hello& hello);

class HostSession {
 public:
  // A report that ended longer ago is not decided upon, and a host that sent
  // no younger one is stale.
  static constexpr int kStaleIntervals = 3;

  HostSession(SessionId id, std::shared_ptr<AgentLink> link, const Hello& hello,
              MonotonicTime now);

  SessionId id() const { return id_; }
  AgentLink& link() { return *link_; }
  const std::string& instance_id() const { return instance_id_; }
  Term seen_term() const { return seen_term_; }
  // Whether the agent has the feature, one of those above.
  bool Has(std::string_view feature) const;

  // Takes note of a report's times. INVALID_ARGUMENT if its sequence did not
  // rise, it ends before it starts or after 100 years; the stream must then be
  // closed.
  absl::Status OnReport(const Report& report, MonotonicTime arrival);

  // Arrival minus the agent's end of the last report, minus the smallest such
  // difference of this session: what the report lost under way.
  std::chrono::nanoseconds age() const { return age_; }
  // No report ended within the last three intervals.
  bool Stale(MonotonicTime now, std::chrono::nanoseconds interval) const;
  // Time covered by the session's reports so far; a report counts for an hour
  // at most.
  std::chrono::nanoseconds reported() const { return reported_; }

 private:
  const SessionId id_;
  const std::shared_ptr<AgentLink> link_;
  const std::string instance_id_;
  const Term seen_term_;
  const bool drain_;
  const bool query_;
  std::uint64_t sequence_ = 0;
  // Between arrival and end, on two clocks that drift apart.
  std::optional<std::chrono::nanoseconds> smallest_difference_;
  MonotonicTime last_arrival_{};
  std::chrono::nanoseconds age_{0};
  std::chrono::nanoseconds reported_{0};
  MonotonicTime last_end_;  // of the youngest report, on our clock
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_HOST_SESSION_H_
