// Drains, pins and pauses: what operators want of hosts.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/core/audit_json.h"
#include "controller/core/command_answers.h"
#include "controller/core/commands.h"
#include "controller/core/host_intents.h"
#include "controller/core/resource_name.h"

namespace lb::controller {
namespace {

absl::Status CheckProcessor(const Host& host, ProcessorId processor) {
  const std::size_t count = host.record.layout.processors.size();
  if (processor.index() < count) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("host ", host.name(), " has no processor ",
                   processor.value(), "; it has ", count));
}

absl::Status CheckBucket(const Host& host, BucketId bucket) {
  const std::size_t count = host.record.table.buckets();
  if (bucket.index() < count) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("host ", host.name(),
                                          " has no bucket ", bucket.value(),
                                          "; it has ", count));
}

// Where the bucket's pin is, or belongs.
std::vector<Pin>::iterator FindPin(HostIntent& intent, BucketId bucket) {
  return std::lower_bound(
      intent.pins.begin(), intent.pins.end(), bucket,
      [](const Pin& pin, BucketId b) { return pin.bucket < b; });
}

bool IsPinned(HostIntent& intent, BucketId bucket) {
  const auto pin = FindPin(intent, bucket);
  return pin != intent.pins.end() && pin->bucket == bucket;
}

}  // namespace

void Commands::EditIntent(Call call, const std::string& host, Edit edit,
                          Done<Changed<HostView>> done) {
  const auto intent = std::make_shared<HostIntent>();
  Mutation mutation{.call = std::move(call), .line = host};
  mutation.prepare = [this, host, intent, edit = std::move(edit),
                      who = mutation.call]() -> absl::StatusOr<Draft> {
    LB_ASSIGN_OR_RETURN(const Host* found, FindHost(host));
    LB_ASSIGN_OR_RETURN(Edited edited, edit(*found));
    Draft draft;
    draft.before = IntentJson(found->record.intent);
    draft.after = IntentJson(edited.intent);
    if (edited.intent != found->record.intent) {
      draft.change.event = {.host = host,
                            .kind = edited.kind,
                            .message = Signed(who, edited.message)};
      draft.change.intent = {host, edited.intent};
      // The store may not have been able to keep that it connected.
      draft.change.host = found->record;
    }
    *intent = std::move(edited.intent);
    return draft;
  };
  mutation.carry_out = [this, host, intent](const Committed&) {
    if (Host* found = fleet_.FindHost(host)) fleet_.SetIntent(*found, *intent);
  };
  mutation.answer = [this, host, done = std::move(done)](
                        absl::StatusOr<Outcome> outcome) mutable {
    absl::StatusOr<HostView> view = absl::UnknownError("");
    if (outcome.ok()) view = queries_.GetHost("hosts/" + host);
    if (!outcome.ok() || !view.ok()) {
      std::move(done)(outcome.ok() ? view.status() : outcome.status());
      return;
    }
    std::move(done)(Changed<HostView>{*std::move(view), outcome->receipt});
  };
  mutations_.Run(std::move(mutation));
}

void Commands::EditDrain(Call call, const std::string& name, bool drain,
                         Done<Changed<HostView>> done) {
  const auto resource = ParseProcessorName(name);
  if (!resource.ok()) {
    std::move(done)(resource.status());
    return;
  }
  const ProcessorId processor = resource->processor;
  auto edit = [processor, drain](const Host& host) -> absl::StatusOr<Edited> {
    LB_RETURN_IF_ERROR(CheckProcessor(host, processor));
    HostIntent intent = host.record.intent;
    std::erase(intent.drained, processor);
    if (drain) {
      intent.drained.push_back(processor);
      std::sort(intent.drained.begin(), intent.drained.end());
      if (!LeavesAProcessor(host, intent)) {
        return absl::FailedPreconditionError(
            absl::StrCat("host ", host.name(),
                         " would have no processor left in service "
                         "without processor ",
                         processor.value(), "; undrain another one first"));
      }
    }
    return Edited{
        std::move(intent),
        drain ? EventKind::kProcessorDrained : EventKind::kProcessorUndrained,
        absl::StrCat("processor ", processor.value())};
  };
  EditIntent(std::move(call), resource->host, std::move(edit), std::move(done));
}

void Commands::DrainProcessor(Call call, const std::string& name,
                              Done<Changed<HostView>> done) {
  EditDrain(std::move(call), name, true, std::move(done));
}

void Commands::UndrainProcessor(Call call, const std::string& name,
                                Done<Changed<HostView>> done) {
  EditDrain(std::move(call), name, false, std::move(done));
}

void Commands::PinBucket(Call call, const std::string& name,
                         std::optional<ProcessorId> processor,
                         Done<Changed<HostView>> done) {
  const auto resource = ParseBucketName(name);
  if (!resource.ok()) {
    std::move(done)(resource.status());
    return;
  }
  const BucketId bucket = resource->bucket;
  auto edit = [bucket, processor](const Host& host) -> absl::StatusOr<Edited> {
    LB_RETURN_IF_ERROR(CheckBucket(host, bucket));
    const ProcessorId to =
        processor.value_or(host.record.table.owner[bucket.index()]);
    LB_RETURN_IF_ERROR(CheckProcessor(host, to));
    HostIntent intent = host.record.intent;
    if (IsDrained(intent, to)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "processor ", to.value(), " of host ", host.name(),
          " is drained; undrain it, or pin the bucket to another one"));
    }
    if (IsPinned(intent, bucket)) {
      FindPin(intent, bucket)->processor = to;
    } else {
      intent.pins.insert(FindPin(intent, bucket), {bucket, to});
    }
    return Edited{
        std::move(intent), EventKind::kBucketPinned,
        absl::StrCat("bucket ", bucket.value(), " to processor ", to.value())};
  };
  EditIntent(std::move(call), resource->host, std::move(edit), std::move(done));
}

void Commands::UnpinBucket(Call call, const std::string& name,
                           Done<Changed<HostView>> done) {
  const auto resource = ParseBucketName(name);
  if (!resource.ok()) {
    std::move(done)(resource.status());
    return;
  }
  const BucketId bucket = resource->bucket;
  // Also one beyond today's layout: it may have been pinned under another.
  auto edit = [bucket](const Host& host) -> absl::StatusOr<Edited> {
    HostIntent intent = host.record.intent;
    if (!IsPinned(intent, bucket)) {
      LB_RETURN_IF_ERROR(CheckBucket(host, bucket));
    } else {
      intent.pins.erase(FindPin(intent, bucket));
    }
    return Edited{std::move(intent), EventKind::kBucketUnpinned,
                  absl::StrCat("bucket ", bucket.value())};
  };
  EditIntent(std::move(call), resource->host, std::move(edit), std::move(done));
}

void Commands::EditFleetPause(Call call, std::optional<Pause> pause,
                              Done<Receipt> done) {
  Mutation mutation{.call = std::move(call), .line = kFleetLine};
  mutation.prepare = [this, pause, who = mutation.call] {
    Draft draft;
    draft.before = PauseJson(fleet_.pause());
    draft.after = PauseJson(pause);
    if (pause || fleet_.pause()) {
      draft.change.event = {.kind = pause ? EventKind::kBalancePaused
                                          : EventKind::kBalanceResumed,
                            .message = Signed(who, "the fleet")};
      draft.change.fleet_pause = {pause};
    }
    return absl::StatusOr<Draft>(std::move(draft));
  };
  mutation.carry_out = [this, pause = std::move(pause)](const Committed&) {
    fleet_.SetPause(pause);
  };
  mutation.answer = AnswerReceipt(std::move(done));
  mutations_.Run(std::move(mutation));
}

void Commands::PauseBalance(Call call, const std::string& parent,
                            Done<Receipt> done) {
  const auto host = ParseParent(parent);
  if (!host.ok()) {
    std::move(done)(host.status());
    return;
  }
  Pause pause{.reason = call.reason,
              .author = call.caller.name,
              .since = clock_.Wall()};
  if (host->empty()) {
    EditFleetPause(std::move(call), std::move(pause), std::move(done));
    return;
  }
  auto edit = [pause](const Host& found) -> absl::StatusOr<Edited> {
    HostIntent intent = found.record.intent;
    intent.pause = pause;
    return Edited{std::move(intent), EventKind::kBalancePaused, "this host"};
  };
  EditIntent(std::move(call), *host, std::move(edit),
             OnlyReceipt<HostView>(std::move(done)));
}

void Commands::ResumeBalance(Call call, const std::string& parent,
                             Done<Receipt> done) {
  const auto host = ParseParent(parent);
  if (!host.ok()) {
    std::move(done)(host.status());
    return;
  }
  if (host->empty()) {
    EditFleetPause(std::move(call), std::nullopt, std::move(done));
    return;
  }
  auto edit = [](const Host& found) -> absl::StatusOr<Edited> {
    HostIntent intent = found.record.intent;
    intent.pause.reset();
    return Edited{std::move(intent), EventKind::kBalanceResumed, "this host"};
  };
  EditIntent(std::move(call), *host, std::move(edit),
             OnlyReceipt<HostView>(std::move(done)));
}

}  // namespace lb::controller
