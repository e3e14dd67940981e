#include "agent/control_loop.h"

#include <optional>

namespace lb::agent {

void RunControlLoop(Agent& agent, Inbox& inbox) {
  while (!inbox.stopped()) {
    const MonotonicTime wake = agent.Advance();
    if (std::optional<Incoming> incoming = inbox.Pop(wake)) {
      agent.Handle(*incoming);
    }
  }
}

}  // namespace lb::agent
