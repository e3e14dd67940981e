// What the controller says of itself while it runs: to the service manager
// that it is alive and how it is, to the log the head of its audit. From the
// event loop, so that a loop which hangs is heard no more.
#ifndef LB_CONTROLLER_HEARTBEAT_H_
#define LB_CONTROLLER_HEARTBEAT_H_

#include <chrono>
#include <functional>
#include <string>

#include "common/clock.h"
#include "common/service_manager.h"
#include "controller/core/audit.h"
#include "controller/core/controller_status.h"
#include "controller/core/event_loop.h"

namespace lb::controller {

// On the loop's thread, but for its construction.
class Heartbeat {
 public:
  // Longest time between two beats; shorter if the service manager's patience
  // is.
  static constexpr std::chrono::seconds kLongestInterval{5};
  // Who keeps the log elsewhere can prove that no audit record of an earlier
  // minute was changed.
  static constexpr std::chrono::minutes kAuditInterval{1};

  using Look = std::function<ControllerStatus()>;

  // All outlive it, and the loop runs nothing more once it is gone.
  Heartbeat(EventLoop& loop, const Clock& clock, const ServiceManager& manager,
            Look look);
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  // Beats now and from then on.
  void Start() { Beat(); }
  // The last beat's: the audit's head goes to the log if it changed.
  void LogAuditHead();

 private:
  void Beat();

  EventLoop& loop_;
  const Clock& clock_;
  const ServiceManager& manager_;
  const Look look_;
  const std::chrono::nanoseconds interval_;
  std::string told_;
  AuditHead logged_;
  MonotonicTime next_audit_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_HEARTBEAT_H_
