// Tells the service manager that started the process how it gets on: systemd's
// notification protocol (sd_notify(3)), which is a datagram of "NAME=VALUE"
// lines. Says nothing where no manager listens. Any thread.
#ifndef LB_COMMON_SERVICE_MANAGER_H_
#define LB_COMMON_SERVICE_MANAGER_H_

#include <chrono>
#include <string>
#include <string_view>

#include "common/clock.h"

namespace lb {

class ServiceManager {
 public:
  // `socket`: an absolute path, or "@NAME" of the abstract namespace; empty:
  // nobody listens. `patience`: how long the manager may hear nothing before
  // it takes the process for hung; zero: as long as it likes.
  explicit ServiceManager(std::string socket,
                          std::chrono::microseconds patience = {});

  // Of $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID.
  static ServiceManager FromEnvironment();

  std::chrono::microseconds patience() const { return patience_; }

  void Ready() const { Notify("READY=1"); }
  // Ready() ends what this begins.
  void Reloading(MonotonicTime now) const;
  void Stopping() const { Notify("STOPPING=1"); }
  // These two never wait for a manager that does not listen.
  void Alive() const;
  void Status(std::string_view text) const;  // a line for people

 private:
  void Notify(const std::string& state, int flags = 0) const;

  std::string socket_;
  std::chrono::microseconds patience_;
};

}  // namespace lb

#endif  // LB_COMMON_SERVICE_MANAGER_H_
