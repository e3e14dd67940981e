#include "cli/policy_command.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/change.h"
#include "cli/errors.h"
#include "cli/formatting.h"
#include "cli/policy_text.h"
#include "cli/proto_json.h"
#include "cli/resource_name.h"
#include "common/status.h"
#include "lb/v1/policy_service.pb.h"

namespace lb::cli {
namespace {

constexpr char kDefault[] = "policies/default";

struct SetOptions {
  std::vector<std::string> words;  // [HOST] KEY=VALUE...
  std::string file;
  std::string etag;
  ChangeOptions change;
};

struct DeleteOptions {
  std::string host;
  std::string etag;
  ChangeOptions change;
};

std::string PolicyOf(const std::string& host) { return host + "/policy"; }

std::string WordsFor(const std::string& policy) {
  return policy == kDefault
             ? "the default policy"
             : "the policy of " +
                   ShortName(policy.substr(0, policy.rfind('/')));
}

absl::Status RunGet(const std::string& host, Session& session) {
  v1::GetPolicyRequest request;
  request.set_name(host.empty() ? kDefault : PolicyOf(host));
  LB_ASSIGN_OR_RETURN(const auto response,
                      session.Call<v1::GetPolicyResponse>(request));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(response.policy(), JsonLayout::kIndented, session.out());
  }
  PrintPolicy(response.policy(), session.out());
  return absl::OkStatus();
}

// The first word is a host unless it sets something.
absl::Status ReadWords(const std::vector<std::string>& words,
                       v1::UpdatePolicyRequest& request) {
  request.set_name(kDefault);
  std::size_t first = 0;
  if (!words.empty() && words[0].find('=') == std::string::npos) {
    LB_ASSIGN_OR_RETURN(const std::string host, HostResource(words[0]));
    request.set_name(PolicyOf(host));
    first = 1;
  }
  for (std::size_t i = first; i < words.size(); ++i) {
    if (first == 0 && words[i].find('=') == std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", words[i],
          "\" sets nothing; HOST goes first: lbctl policy set HOST KEY=VALUE"));
    }
    LB_RETURN_IF_ERROR(SetPolicyKey(words[i], request));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::UpdatePolicyRequest> MakeRequest(const SetOptions& options) {
  v1::UpdatePolicyRequest request;
  if (const absl::Status read = ReadWords(options.words, request); !read.ok()) {
    return UsageError(OneLine(read));
  }
  const bool has_keys = request.update_mask().paths_size() > 0;
  if (has_keys && !options.file.empty()) {
    return UsageError(
        "--file sets the whole policy, so it excludes KEY=VALUE; keep one");
  }
  if (!has_keys && options.file.empty()) {
    return UsageError(
        "give KEY=VALUE, such as mode=advise, or --file FILE; lbctl policy get "
        "shows all keys");
  }
  if (!options.file.empty()) {
    LB_ASSIGN_OR_RETURN(const v1::Policy policy, ReadPolicyFile(options.file));
    SetWholePolicy(policy, request);
  }
  request.mutable_policy()->set_etag(options.etag);
  return request;
}

absl::Status RunSet(const SetOptions& options, Session& session) {
  LB_ASSIGN_OR_RETURN(const v1::UpdatePolicyRequest request,
                      MakeRequest(options));
  const std::string what =
      options.file.empty() ? absl::StrJoin(request.update_mask().paths(), ", ")
                           : "everything";
  return MakeChange<v1::UpdatePolicyResponse>(
      session, options.change,
      {.action = absl::StrCat("set ", what, " of ", WordsFor(request.name()))},
      request, [](const v1::UpdatePolicyResponse& response) -> Fields {
        return {{"Etag", FormatText(response.policy().etag())}};
      });
}

void AddGet(Command policies, const Online& online) {
  auto host = std::make_shared<std::string>();
  Command command = policies.Add(
      "get",
      "Print a policy as YAML that \"policy set --file\" takes. Of a host "
      "without one of its own: the default.");
  command.MayTake("HOST", HostName(*host),
                  "Of this host; without it: the default");
  online.Runs(command,
              [host](Session& session) { return RunGet(*host, session); });
}

void AddSet(Command policies, const Online& online) {
  auto options = std::make_shared<SetOptions>();
  Command command = policies.Add(
      "set",
      "Change the default policy, or a host's own, which begins as a copy of "
      "the default. Governs the next plan.");
  command.TakesAll("HOST|KEY=VALUE", options->words, 0,
                   "Host, unless it is the default; then what to change: "
                   "mode=advise trigger_permille=1200");
  command.Option("--file", Text(options->file, "FILE"),
                 "The whole policy, as YAML; built-in values where left out");
  command.Option("--etag", Text(options->etag, "ETAG"),
                 "Only if the policy still has this etag; see policy get");
  AddChangeOptions(command, options->change);
  command.Footer(
      "Keys are those that \"lbctl policy get\" prints.\n"
      "Example: lbctl policy set edge-1 mode=advise --reason \"maintenance\"");
  online.Runs(command, [options](Session& session) {
    return RunSet(*options, session);
  });
}

void AddDelete(Command policies, const Online& online) {
  auto options = std::make_shared<DeleteOptions>();
  Command command = policies.Add(
      "delete", "Delete a host's own policy: it follows the default again.");
  command.Takes("HOST", HostName(options->host), "Name of the host");
  command.Option("--etag", Text(options->etag, "ETAG"),
                 "Only if the policy still has this etag; see policy get");
  AddChangeOptions(command, options->change);
  online.Runs(command, [options](Session& session) {
    v1::DeletePolicyRequest request;
    request.set_name(PolicyOf(options->host));
    request.set_etag(options->etag);
    return MakeChange<v1::DeletePolicyResponse>(
        session, options->change,
        {.action = "delete " + WordsFor(request.name())}, request);
  });
}

}  // namespace

void AddPolicyCommands(const Online& online) {
  const Command policies =
      online.root().Group("policy", "How hosts are balanced");
  AddGet(policies, online);
  AddSet(policies, online);
  AddDelete(policies, online);
}

}  // namespace lb::cli
