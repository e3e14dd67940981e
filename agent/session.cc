#include "agent/session.h"

#include <algorithm>
#include <string>

#include "common/log.h"
#include "common/status.h"

namespace lb::agent {

Session::Session(SessionOptions options, ControllerLink& link,
                 const Clock& clock)
    : options_(options),
      link_(link),
      clock_(clock),
      backoff_(options.backoff, options.seed),
      since_(clock.Monotonic()),
      retry_(since_) {}

bool Session::due() const {
  return state_ == State::kDown && clock_.Monotonic() >= retry_;
}

void Session::Open(const Hello& hello) {
  state_ = State::kOpening;
  since_ = clock_.Monotonic();
  reports_ = 0;
  number_ = link_.Open(hello);
}

void Session::Expire() {
  if (state_ != State::kOpening || clock_.Monotonic() < next()) return;
  link_.Close();
  Leave("no Welcome came in time", {});
}

MonotonicTime Session::next() const {
  switch (state_) {
    case State::kDown:
      return retry_;
    case State::kOpening:
      return since_ + options_.welcome_timeout;
    case State::kReady:
      break;
  }
  return MonotonicTime::max();
}

bool Session::IsCurrent(const Incoming& incoming) const {
  return state_ != State::kDown && incoming.session == number_;
}

bool Session::OnWelcome(const Welcome& welcome) {
  if (state_ == State::kReady) return false;
  state_ = State::kReady;
  since_ = clock_.Monotonic();
  welcome_ = welcome;
  spdlog::info("connected to the controller (version {}, store {}, term {})",
               welcome.software_version, welcome.store_id,
               welcome.term.value());
  return true;
}

void Session::OnGoAway(const GoAway& go_away) {
  link_.Close();
  Leave("the controller said: " + go_away.reason,
        std::clamp(go_away.after, std::chrono::milliseconds(0),
                   options_.longest_absence));
}

void Session::OnDown(const LinkDown& down) { Leave(OneLine(down.why), {}); }

void Session::Leave(std::string_view why, std::chrono::nanoseconds absence) {
  const MonotonicTime now = clock_.Monotonic();
  if (state_ == State::kReady && now - since_ >= options_.steady) {
    backoff_.Reset();
  }
  state_ = State::kDown;
  since_ = now;
  const std::chrono::nanoseconds delay = absence + backoff_.Next();
  retry_ = now + delay;
  spdlog::warn(
      "no controller: {}; going on with the table in force, next try in {} ms",
      why, std::chrono::ceil<std::chrono::milliseconds>(delay).count());
}

}  // namespace lb::agent
