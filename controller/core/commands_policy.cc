// Policies: the default, and hosts' own.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/core/audit_json.h"
#include "controller/core/command_answers.h"
#include "controller/core/commands.h"
#include "controller/core/resource_name.h"

namespace lb::controller {
namespace {

std::string LineOf(const std::string& host) {
  return host.empty() ? kFleetLine : host;
}

}  // namespace

std::string EtagOf(const PolicyRecord& policy) {
  return absl::StrCat("r", policy.revision);
}

absl::StatusOr<NamedPolicy> Commands::GetPolicy(const std::string& name) const {
  LB_ASSIGN_OR_RETURN(const std::string host, ParsePolicyName(name));
  if (host.empty()) return NamedPolicy{name, fleet_.policy(), false};
  LB_ASSIGN_OR_RETURN(const Host* found, FindHost(host));
  return NamedPolicy{name, fleet_.PolicyOf(*found), !found->record.policy};
}

absl::StatusOr<Draft> Commands::DraftPolicy(
    const Call& call, const std::string& host, const std::string& etag,
    std::optional<balance::Policy> policy) {
  LB_ASSIGN_OR_RETURN(const NamedPolicy present, GetPolicy(PolicyName(host)));
  if (!etag.empty() && etag != EtagOf(present.record)) {
    return WithReason(
        absl::AbortedError(absl::StrCat(
            "the policy has etag ", EtagOf(present.record), ", not ", etag,
            "; somebody changed it meanwhile: get it, and try again")),
        "ETAG_MISMATCH");
  }
  if (policy) LB_RETURN_IF_ERROR(fleet_.CheckPolicy(*policy));
  if (!policy && present.inherited) {
    return absl::NotFoundError(
        absl::StrCat("host ", host, " has no policy of its own"));
  }
  Draft draft;
  draft.before = PolicyJson(present.record);
  draft.after =
      PolicyJson(policy ? PolicyRecord{.policy = *policy} : fleet_.policy());
  draft.change.policy = {.host = host, .policy = policy};
  // The store may not have been able to keep that it connected.
  if (const Host* found = fleet_.FindHost(host)) {
    draft.change.host = found->record;
  }
  draft.change.event = {
      .host = host,
      .kind = EventKind::kPolicyChanged,
      .message = Signed(call, policy ? DescribePolicy(*policy)
                                     : std::string("the default again"))};
  return draft;
}

void Commands::UpdatePolicy(
    Call call, const std::string& name, const std::string& etag,
    const std::function<absl::Status(balance::Policy& policy)>& patch,
    Done<Changed<NamedPolicy>> done) {
  const auto host = ParsePolicyName(name);
  if (!host.ok()) {
    std::move(done)(host.status());
    return;
  }
  const auto wanted = std::make_shared<balance::Policy>();
  Mutation mutation{.call = std::move(call), .line = LineOf(*host)};
  mutation.prepare = [this, name, host = *host, etag, patch, wanted,
                      who = mutation.call]() -> absl::StatusOr<Draft> {
    LB_ASSIGN_OR_RETURN(const NamedPolicy present, GetPolicy(name));
    *wanted = present.record.policy;
    LB_RETURN_IF_ERROR(patch(*wanted));
    return DraftPolicy(who, host, etag, *wanted);
  };
  mutation.carry_out = [this, host = *host,
                        wanted](const Committed& committed) {
    const PolicyRecord policy{committed.policy_revision, *wanted};
    if (host.empty()) {
      fleet_.SetDefaultPolicy(policy);
    } else if (Host* found = fleet_.FindHost(host)) {
      fleet_.SetHostPolicy(*found, policy);
    }
  };
  mutation.answer =
      [this, name, wanted, validate_only = mutation.call.validate_only,
       done = std::move(done)](absl::StatusOr<Outcome> outcome) mutable {
        absl::StatusOr<NamedPolicy> present = absl::UnknownError("");
        if (outcome.ok()) present = GetPolicy(name);
        if (!outcome.ok() || !present.ok()) {
          std::move(done)(outcome.ok() ? present.status() : outcome.status());
          return;
        }
        if (validate_only) present->record.policy = *wanted;
        std::move(done)(
            Changed<NamedPolicy>{*std::move(present), outcome->receipt});
      };
  mutations_.Run(std::move(mutation));
}

void Commands::DeletePolicy(Call call, const std::string& name,
                            const std::string& etag, Done<Receipt> done) {
  auto host = ParsePolicyName(name);
  if (host.ok() && host->empty()) {
    host = absl::InvalidArgumentError(
        "the default policy cannot be deleted; update it instead");
  }
  if (!host.ok()) {
    std::move(done)(host.status());
    return;
  }
  Mutation mutation{.call = std::move(call), .line = *host};
  mutation.prepare = [this, host = *host, etag, who = mutation.call] {
    return DraftPolicy(who, host, etag, std::nullopt);
  };
  mutation.carry_out = [this, host = *host](const Committed&) {
    if (Host* found = fleet_.FindHost(host)) {
      fleet_.SetHostPolicy(*found, std::nullopt);
    }
  };
  mutation.answer = AnswerReceipt(std::move(done));
  mutations_.Run(std::move(mutation));
}

}  // namespace lb::controller
