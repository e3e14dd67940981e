#include "controller/core/agent_queries.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/core/resource_name.h"

namespace lb::controller {
namespace {

absl::StatusOr<std::uint32_t> ParseFlowCount(std::int32_t page_size) {
  if (page_size < 0 || page_size > AgentQueries::kMostFlows) {
    return absl::InvalidArgumentError(absl::StrCat(
        "page_size is ", page_size, "; use 0 to ", AgentQueries::kMostFlows));
  }
  return static_cast<std::uint32_t>(page_size == 0 ? AgentQueries::kDefaultFlows
                                                   : page_size);
}

}  // namespace

void AgentQueries::TraceFlow(const std::string& parent, const FlowKey& key,
                             Done<FlowTrace> done) {
  const auto host = ParseHostName(parent);
  if (!host.ok()) {
    std::move(done)(host.status());
    return;
  }
  if (key.version == IpVersion::kNone) {
    std::move(done)(absl::InvalidArgumentError(
        "the flow has no addresses; give protocol, addresses and ports"));
    return;
  }
  Ask(*host, key,
      [host = *host,
       done = std::move(done)](absl::StatusOr<Answer> answer) mutable {
        if (!answer.ok()) {
          std::move(done)(answer.status());
        } else if (!answer->trace) {
          std::move(done)(absl::InternalError(absl::StrCat(
              "host ", host, ": its agent answered without a trace")));
        } else {
          std::move(done)(*answer->trace);
        }
      });
}

void AgentQueries::ListHeaviestFlows(const std::string& parent,
                                     std::int32_t page_size,
                                     Done<std::vector<FlowInfo>> done) {
  const auto bucket = ParseBucketName(parent);
  const auto count = ParseFlowCount(page_size);
  if (!bucket.ok() || !count.ok()) {
    std::move(done)(bucket.ok() ? count.status() : bucket.status());
    return;
  }
  Ask(bucket->host, HeaviestFlows{bucket->bucket, *count},
      [count = *count,
       done = std::move(done)](absl::StatusOr<Answer> answer) mutable {
        if (!answer.ok()) {
          std::move(done)(answer.status());
          return;
        }
        if (answer->heaviest.size() > count) answer->heaviest.resize(count);
        std::move(done)(std::move(answer->heaviest));
      });
}

absl::Status AgentQueries::CheckReach(
    const std::string& host, const AgentReach& reach,
    const std::variant<FlowKey, HeaviestFlows>& what) {
  if (reach.link == nullptr) {
    return WithReason(absl::FailedPreconditionError(
                          absl::StrCat("host ", host, " is not connected")),
                      "HOST_NOT_CONNECTED");
  }
  if (!reach.answers) {
    return absl::FailedPreconditionError(
        absl::StrCat("host ", host,
                     ": its agent cannot answer questions; "
                     "update it"));
  }
  if (const auto* heaviest = std::get_if<HeaviestFlows>(&what);
      heaviest != nullptr && heaviest->bucket.value() >= reach.buckets) {
    return absl::NotFoundError(absl::StrCat("host ", host, " has no bucket ",
                                            heaviest->bucket.value(),
                                            ", only 0 to ", reach.buckets - 1));
  }
  const auto before = std::count_if(
      pending_.begin(), pending_.end(),
      [&](const auto& entry) { return entry.second.session == reach.session; });
  if (static_cast<std::size_t>(before) >= kMostPending) {
    return absl::ResourceExhaustedError(
        absl::StrCat("host ", host, " has ", before,
                     " questions to answer before; ask again later"));
  }
  return absl::OkStatus();
}

void AgentQueries::Ask(const std::string& host,
                       std::variant<FlowKey, HeaviestFlows> what, Take take) {
  const auto reach = find_(host);
  if (!reach.ok()) {
    std::move(take)(reach.status());
    return;
  }
  if (absl::Status status = CheckReach(host, *reach, what); !status.ok()) {
    std::move(take)(std::move(status));
    return;
  }
  const std::uint64_t id = ++last_id_;
  pending_[id] = {reach->session, host, clock_.Monotonic() + kAnswerLimit,
                  std::move(take)};
  reach->link->SendQuery({id, what});
  loop_.PostAt(clock_.Monotonic() + kLook, [this, id] { Look(id); });
}

void AgentQueries::OnAnswer(const std::string& host, const Answer& answer) {
  const auto it = pending_.find(answer.id);
  if (it == pending_.end() || it->second.host != host) return;
  if (answer.error.empty()) {
    Settle(answer.id, answer);
    return;
  }
  Settle(answer.id, absl::FailedPreconditionError(
                        absl::StrCat("host ", host, ": ", answer.error)));
}

void AgentQueries::Look(std::uint64_t id) {
  const auto it = pending_.find(id);
  if (it == pending_.end()) return;
  const Pending& pending = it->second;
  const auto reach = find_(pending.host);
  if (!reach.ok() || reach->session != pending.session) {
    Settle(id, absl::UnavailableError(absl::StrCat(
                   "host ", pending.host,
                   ": the agent went away before it answered; ask again")));
  } else if (clock_.Monotonic() >= pending.deadline) {
    Settle(id, absl::DeadlineExceededError(
                   absl::StrCat("host ", pending.host, " has not answered for ",
                                kAnswerLimit.count(), " s")));
  } else {
    loop_.PostAt(clock_.Monotonic() + kLook, [this, id] { Look(id); });
  }
}

void AgentQueries::Settle(std::uint64_t id, absl::StatusOr<Answer> answer) {
  auto pending = pending_.extract(id);
  if (pending.empty()) return;
  std::move(pending.mapped().take)(std::move(answer));
}

}  // namespace lb::controller
