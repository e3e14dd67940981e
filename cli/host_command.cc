#include "cli/host_command.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/change.h"
#include "cli/errors.h"
#include "cli/host_output.h"
#include "cli/proto_json.h"
#include "cli/resource_name.h"
#include "lb/v1/host_service.pb.h"

namespace lb::cli {
namespace {

constexpr char kSelectorHelp[] =
    "Only hosts with all these labels: rack=a1,role!=spare,canary";

absl::Status RunHostList(const std::string& selector, Session& session) {
  v1::ListHostsRequest request;
  request.set_selector(selector);
  LB_ASSIGN_OR_RETURN(const auto hosts,
                      session.List<v1::ListHostsResponse>(request, 0));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(hosts, JsonLayout::kIndented, session.out());
  }
  PrintHosts(hosts, session.clock(), session.out());
  return absl::OkStatus();
}

absl::Status RunHostShow(const std::string& host, Session& session) {
  v1::GetHostRequest request;
  request.set_name(host);
  LB_ASSIGN_OR_RETURN(const auto response,
                      session.Call<v1::GetHostResponse>(request));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(response.host(), JsonLayout::kIndented, session.out());
  }
  PrintHost(response.host(), session.clock(), session.out());
  return absl::OkStatus();
}

absl::Status PrintHostChange(const v1::WatchHostsResponse& change,
                             const Session& session) {
  if (session.form() == OutputForm::kJson) {
    return PrintJson(change, JsonLayout::kOneLine, session.out());
  }
  const WallTime now = session.clock().Wall();
  if (change.has_host()) PrintHostLine(change.host(), now, session.out());
  if (change.has_removed()) {
    session.out() << FormatWallTime(now) << "  " << ShortName(change.removed())
                  << "  forgotten\n";
  }
  return absl::OkStatus();
}

absl::Status RunHostWatch(const v1::WatchHostsRequest& request,
                          Session& session) {
  std::uint64_t synced = request.after_revision();
  absl::Status ended = session.Watch<v1::WatchHostsResponse>(
      request, [&](const v1::WatchHostsResponse& change) {
        if (change.has_synced_revision()) synced = change.synced_revision();
        return PrintHostChange(change, session);
      });
  if (ended.code() != absl::StatusCode::kUnavailable || synced == 0) {
    return ended;
  }
  return WithMessage(
      ended, absl::StrCat(ended.message(), "; go on with --after ", synced));
}

void AddHostList(Command hosts, const Online& online) {
  auto selector = std::make_shared<std::string>();
  Command command =
      hosts.Add("list", "List hosts: state, utilization, imbalance, plans.");
  command.Option("--selector", Text(*selector, "LABELS"), kSelectorHelp);
  online.Runs(command, [selector](Session& session) {
    return RunHostList(*selector, session);
  });
}

void AddHostShow(Command hosts, const Online& online) {
  auto host = std::make_shared<std::string>();
  Command command = hosts.Add(
      "show",
      "Show a host: its processors' utilizations, indexes and quotas, its "
      "counters and its heaviest buckets.");
  command.Takes("HOST", HostName(*host), "Name of the host");
  online.Runs(command,
              [host](Session& session) { return RunHostShow(*host, session); });
}

void AddHostWatch(Command hosts, const Online& online) {
  struct Options {
    std::string selector;
    std::uint64_t after = 0;
  };
  auto options = std::make_shared<Options>();
  Command command = hosts.Add(
      "watch",
      "Print every host, then each again whenever something about it was "
      "committed, until ended.");
  command.Option("--selector", Text(options->selector, "LABELS"),
                 kSelectorHelp);
  command.Option("--after",
                 Whole(options->after, "REVISION", 0,
                       std::numeric_limits<std::uint64_t>::max()),
                 "Only what was committed after this revision; 0: all hosts "
                 "first");
  online.Runs(command, [options](Session& session) {
    v1::WatchHostsRequest request;
    request.set_selector(options->selector);
    request.set_after_revision(options->after);
    return RunHostWatch(request, session);
  });
}

void AddHostForget(Command hosts, const Online& online) {
  struct Options {
    std::string host;
    ChangeOptions change;
  };
  auto options = std::make_shared<Options>();
  Command command = hosts.Add(
      "forget",
      "Take a host that is gone out of the list. Its history stays, and it may "
      "come back.");
  command.Takes("HOST", HostName(options->host), "Name of the host");
  AddChangeOptions(command, options->change);
  online.Runs(command, [options](Session& session) {
    v1::ForgetHostRequest request;
    request.set_name(options->host);
    return MakeChange<v1::ForgetHostResponse>(
        session, options->change,
        {.action = "forget host " + ShortName(options->host)}, request);
  });
}

}  // namespace

void AddHostCommands(const Online& online) {
  const Command hosts =
      online.root().Group("host", "Hosts known to the controller");
  AddHostList(hosts, online);
  AddHostShow(hosts, online);
  AddHostWatch(hosts, online);
  AddHostForget(hosts, online);
}

}  // namespace lb::cli
