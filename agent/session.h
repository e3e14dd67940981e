// The state of the agent's connection to its controller: when to try, whether
// a Welcome has come, when to give up. Control thread only.
#ifndef LB_AGENT_SESSION_H_
#define LB_AGENT_SESSION_H_

#include <chrono>
#include <cstdint>
#include <string_view>

#include "agent/backoff.h"
#include "agent/controller_link.h"
#include "agent/messages.h"
#include "common/clock.h"

namespace lb::agent {

struct SessionOptions {
  BackoffOptions backoff;
  std::uint64_t seed = 0;
  // From Open() until the Welcome must be there.
  std::chrono::milliseconds welcome_timeout{10'000};
  // A session that lasted so long was a good one: back-off starts anew.
  std::chrono::milliseconds steady{10'000};
  // A GoAway asks for so much at most.
  std::chrono::milliseconds longest_absence{60'000};
};

class Session {
 public:
  // Due at once. The link and the clock must outlive the session.
  Session(SessionOptions options, ControllerLink& link, const Clock& clock);

  // True when nothing is open and it is time to try.
  bool due() const;
  // Requires due().
  void Open(const Hello& hello);
  // Gives up an attempt that has waited too long for its Welcome.
  void Expire();
  // When due() or Expire() next has something to say.
  MonotonicTime next() const;

  // False for a message of an earlier session.
  bool IsCurrent(const Incoming& incoming) const;

  // False, and nothing changed, for a second Welcome.
  bool OnWelcome(const Welcome& welcome);
  void OnGoAway(const GoAway& go_away);
  void OnDown(const LinkDown& down);

  bool ready() const { return state_ == State::kReady; }
  // Of the current session; requires ready().
  const Welcome& welcome() const { return welcome_; }
  // Reports sent in this session.
  std::uint64_t reports() const { return reports_; }
  void CountReport() { ++reports_; }

 private:
  enum class State { kDown, kOpening, kReady };

  // Back to kDown; tries again after `absence` and a jittered delay.
  void Leave(std::string_view why, std::chrono::nanoseconds absence);

  const SessionOptions options_;
  ControllerLink& link_;
  const Clock& clock_;
  Backoff backoff_;
  State state_ = State::kDown;
  std::uint64_t number_ = 0;
  std::uint64_t reports_ = 0;
  Welcome welcome_;
  MonotonicTime since_;  // when the state was entered
  MonotonicTime retry_;  // while kDown
};

}  // namespace lb::agent

#endif  // LB_AGENT_SESSION_H_
