#include "cli/controller_command.h"

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/change.h"
#include "cli/formatting.h"
#include "cli/proto_json.h"
#include "cli/time_text.h"
#include "lb/v1/controller_service.pb.h"

namespace lb::cli {
namespace {

struct BackupOptions {
  std::string directory;
  ChangeOptions change;
};

std::string HostsText(const v1::GetStatusResponse& status) {
  return absl::StrCat(status.hosts(), ", ", status.connected_hosts(),
                      " connected, ", status.fenced_hosts(), " fenced, ",
                      status.plans_in_flight(), " with a plan in flight");
}

std::string StoreText(const v1::GetStatusResponse& status) {
  return absl::StrCat(FormatText(status.store_id()), ", term ", status.term(),
                      ", revision ", status.revision());
}

void PrintStatus(const v1::GetStatusResponse& status, const Clock& clock,
                 std::ostream& out) {
  Fields fields = {
      {"State", FormatEnum(v1::ControllerState_Name(status.state()),
                           "CONTROLLER_STATE_")},
      {"Reason", FormatText(status.reason())},
      {"Paused", FormatText(status.paused())},
      {"Version", FormatText(status.software_version())},
      {"Started", FormatAge(status.start_time(), clock)},
      {"Hosts", HostsText(status)},
      {"Store", StoreText(status)},
      {"Files",
       absl::StrCat("control.db ", FormatCount(status.control_db_bytes()),
                    " bytes, telemetry.db ",
                    FormatCount(status.telemetry_db_bytes()), " bytes, ",
                    status.dropped_samples(), " samples not kept")},
      {"Audit head", absl::StrCat(status.audit_sequence(), ":",
                                  FormatText(status.audit_hash()))}};
  for (const v1::Listener& listener : status.listeners()) {
    fields.emplace_back(
        "Listener",
        FormatText(absl::StrCat(listener.address(), ", ", listener.kind())));
  }
  fields.emplace_back(
      "You are",
      absl::StrCat(FormatText(status.caller()), ", ",
                   FormatEnum(v1::Role_Name(status.caller_role()), "ROLE_")));
  PrintFields(out, fields);
}

absl::Status RunStatus(Session& session) {
  LB_ASSIGN_OR_RETURN(const auto status, session.Call<v1::GetStatusResponse>(
                                             v1::GetStatusRequest()));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(status, JsonLayout::kIndented, session.out());
  }
  PrintStatus(status, session.clock(), session.out());
  return absl::OkStatus();
}

void AddStatus(Command controllers, const Online& online) {
  online.Runs(controllers.Add("status",
                              "Show the controller: state, hosts, store, "
                              "listeners, and who you are to it."),
              RunStatus);
}

void AddAdopt(Command controllers, const Online& online) {
  auto change = std::make_shared<ChangeOptions>();
  Command command = controllers.Add(
      "adopt",
      "Take responsibility for a store that is fenced, such as a restored "
      "backup, or for agents that have seen a higher term. Only if no other "
      "controller plans for these hosts.");
  AddChangeOptions(command, *change, Confirm::kAsk);
  online.Runs(command, [change](Session& session) {
    return MakeChange<v1::AdoptResponse>(
        session, *change,
        {.action = "adopt the store and its hosts", .confirm = Confirm::kAsk},
        v1::AdoptRequest(), [](const v1::AdoptResponse& response) -> Fields {
          return {{"Term", absl::StrCat(response.term())}};
        });
  });
}

absl::Status CheckDirectory(const std::string& text) {
  if (std::filesystem::path(text).is_absolute()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("directory \"", text,
                   "\" is relative, and the controller writes it; "
                   "use an absolute path on its machine"));
}

void AddBackup(const Online& online) {
  auto options = std::make_shared<BackupOptions>();
  Command command = online.root().Add(
      "backup",
      "Copy the controller's whole store, while it is in use, into a new "
      "directory on the controller's machine. The copy starts fenced.");
  command.Takes("DIRECTORY", Text(options->directory, "", CheckDirectory),
                "Absolute; it must not exist yet, and its parent must");
  AddChangeOptions(command, options->change);
  online.Runs(command, [options](Session& session) {
    v1::BackUpRequest request;
    request.set_directory(options->directory);
    return MakeChange<v1::BackUpResponse>(
        session, options->change,
        {.action = "back up the store to " + options->directory}, request,
        [](const v1::BackUpResponse& response) -> Fields {
          return {{"Copied up to revision",
                   absl::StrCat(response.backup_revision())},
                  {"Size", FormatCount(response.bytes()) + " bytes"}};
        });
  });
}

}  // namespace

void AddControllerCommands(const Online& online) {
  const Command controllers =
      online.root().Group("controller", "The controller itself");
  AddStatus(controllers, online);
  AddAdopt(controllers, online);
  AddBackup(online);
}

}  // namespace lb::cli
