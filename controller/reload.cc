#include "controller/reload.h"

#include <future>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/log.h"
#include "common/status.h"

namespace lb::controller {

Reloader::Reloader(CommandLine line, Configuration running,
                   ControllerCore& core, Server& server)
    : line_(std::move(line)),
      running_(std::move(running)),
      core_(core),
      server_(server) {}

void Reloader::Reload() {
  Configuration fresh = LoadConfiguration(line_, ReadEnvironment());
  if (!fresh.mistakes.empty()) {
    Refuse(absl::StrJoin(fresh.mistakes, "; "));
    return;
  }
  if (absl::Status status = TakeUp(fresh); !status.ok()) {
    Refuse(OneLine(status));
    return;
  }
  std::string message = "the configuration was read anew";
  const std::vector<std::string> waiting = ChangedForRestart(running_, fresh);
  if (!waiting.empty()) {
    absl::StrAppend(&message, "; changes that need a restart: ",
                    absl::StrJoin(waiting, ", "));
  }
  spdlog::log(waiting.empty() ? spdlog::level::info : spdlog::level::warn, "{}",
              message);
  Note(EventKind::kConfigurationReloaded, message);
  // What waits for a restart is named at every reload until then.
  running_.options.policy = fresh.options.policy;
}

absl::Status Reloader::TakeUp(const Configuration& fresh) {
  LB_ASSIGN_OR_RETURN(const auto level, ParseLogLevel(fresh.options.log_level));
  const auto& policy = fresh.options.policy;
  // First what may fail although every file is right: the store may not be able
  // to commit. A file that is as it was must not undo what was changed over the
  // API.
  if (policy && policy != running_.options.policy) {
    LB_RETURN_IF_ERROR(Annotate(ChangePolicy(*policy), "policy"));
  }
  LB_RETURN_IF_ERROR(server_.Reload());
  spdlog::set_level(level);
  return absl::OkStatus();
}

absl::Status Reloader::ChangePolicy(const balance::Policy& policy) {
  std::promise<absl::Status> done;
  core_.loop.Post([this, &policy, &done] {
    core_.fleet.ChangePolicy(policy, [&done](const absl::Status& status) {
      done.set_value(status);
    });
  });
  return done.get_future().get();
}

void Reloader::Refuse(const std::string& why) {
  spdlog::error("the configuration from before stays in force: {}", why);
  Note(EventKind::kConfigurationRefused, why);
}

void Reloader::Note(EventKind kind, const std::string& message) {
  core_.loop.Post([this, kind, message] {
    core_.journal.Note(Event{.kind = kind, .message = message});
  });
}

}  // namespace lb::controller
