#include "agent/stop_signal.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "common/status.h"

namespace lb::agent {

absl::StatusOr<StopSignal> StopSignal::Create() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
    return ErrnoStatus(error, "pthread_sigmask");
  }
  FileDescriptor signals(signalfd(-1, &set, SFD_CLOEXEC));
  if (!signals.valid()) return ErrnoStatus(errno, "signalfd");
  FileDescriptor done(eventfd(0, EFD_CLOEXEC));
  if (!done.valid()) return ErrnoStatus(errno, "eventfd");
  return StopSignal(std::move(signals), std::move(done));
}

StopSignal::Cause StopSignal::Wait() const {
  for (;;) {
    if (const auto cause = WaitFor(std::chrono::milliseconds(-1))) {
      return *cause;
    }
  }
}

std::optional<StopSignal::Cause> StopSignal::WaitFor(
    std::chrono::milliseconds limit) const {
  std::array<pollfd, 2> fds = {pollfd{signals_.get(), POLLIN, 0},
                               pollfd{done_.get(), POLLIN, 0}};
  const int ready =
      poll(fds.data(), fds.size(), static_cast<int>(limit.count()));
  if (ready <= 0) return std::nullopt;  // or interrupted: as good as passed
  return fds[0].revents != 0 ? Cause::kSignal : Cause::kDone;
}

void StopSignal::Done() const { eventfd_write(done_.get(), 1); }

}  // namespace lb::agent
