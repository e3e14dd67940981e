// Waiting for SIGINT, SIGTERM, or the process's own end of work.
#ifndef LB_AGENT_STOP_SIGNAL_H_
#define LB_AGENT_STOP_SIGNAL_H_

#include <chrono>
#include <optional>

#include "absl/status/statusor.h"
#include "agent/file_descriptor.h"

namespace lb::agent {

class StopSignal {
 public:
  enum class Cause { kSignal, kDone };

  // Blocks both signals in the calling thread and those it starts from now
  // on; so to be called before any thread is started.
  static absl::StatusOr<StopSignal> Create();

  // Blocks until a signal or Done(); a signal wins.
  Cause Wait() const;

  // The same, for `limit` at most; nothing once that has passed.
  std::optional<Cause> WaitFor(std::chrono::milliseconds limit) const;

  // Ends Wait(). Any thread.
  void Done() const;

 private:
  StopSignal(FileDescriptor signals, FileDescriptor done)
      : signals_(std::move(signals)), done_(std::move(done)) {}

  FileDescriptor signals_;
  FileDescriptor done_;
};

}  // namespace lb::agent

#endif  // LB_AGENT_STOP_SIGNAL_H_
