#include "cli/balance_command.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/change.h"
#include "cli/errors.h"
#include "cli/resource_name.h"
#include "lb/v1/balance_service.pb.h"

namespace lb::cli {
namespace {

struct BalanceOptions {
  std::string host;
  bool all = false;
  ChangeOptions change;

  bool IsClear() const { return all == host.empty(); }
};

// HOST or --all; the whole fleet may need to be confirmed.
template <class Request, class Response>
void AddSwitch(Command balance, const Online& online, const char* name,
               const char* description, Confirm confirm_all) {
  auto options = std::make_shared<BalanceOptions>();
  Command command = balance.Add(name, description);
  command.MayTake("HOST", HostName(options->host), "Name of the host");
  command.Flag("--all", options->all, "The whole fleet");
  AddChangeOptions(command, options->change, confirm_all);
  online.Runs(command, [options, name, confirm_all](Session& session) {
    if (!options->IsClear()) return UsageError("give either HOST or --all");
    Request request;
    request.set_parent(options->all ? kAllHosts : options->host);
    Deed deed = {.action = absl::StrCat(
                     name, " balancing of ",
                     options->all ? "all hosts" : ShortName(options->host))};
    if (options->all) deed.confirm = confirm_all;
    return MakeChange<Response>(session, options->change, deed, request);
  });
}

}  // namespace

void AddBalanceCommands(const Online& online) {
  const Command balance =
      online.root().Group("balance", "Whether anything is planned at all");
  AddSwitch<v1::PauseBalanceRequest, v1::PauseBalanceResponse>(
      balance, online, "pause",
      "Plan nothing for a host, or for all, until resumed. Hosts are measured "
      "meanwhile, and drains are carried out.",
      Confirm::kAsk);
  AddSwitch<v1::ResumeBalanceRequest, v1::ResumeBalanceResponse>(
      balance, online, "resume",
      "Plan again. A host that was paused by itself stays so when the fleet "
      "goes on.",
      Confirm::kNo);
}

}  // namespace lb::cli
