// What SIGHUP does: the configuration and the files it names are read anew and
// take effect whole, or those from before stay in force.
#ifndef LB_CONTROLLER_RELOAD_H_
#define LB_CONTROLLER_RELOAD_H_

#include <string>

#include "absl/status/status.h"
#include "controller/configuration.h"
#include "controller/controller_core.h"
#include "controller/core/records.h"
#include "controller/rpc/server.h"

namespace lb::controller {

// Called by one thread, not the loop's, while the loop runs.
class Reloader {
 public:
  // `running` is what the controller was started with. What is borrowed
  // outlives it.
  Reloader(CommandLine line, Configuration running, ControllerCore& core,
           Server& server);

  // Says in the log and as an event what became of it.
  void Reload();

 private:
  absl::Status TakeUp(const Configuration& fresh);
  absl::Status ChangePolicy(const balance::Policy& policy);
  void Refuse(const std::string& why);
  void Note(EventKind kind, const std::string& message);

  const CommandLine line_;
  Configuration running_;
  ControllerCore& core_;
  Server& server_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RELOAD_H_
