#include "agent/plan_guard.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::agent {
namespace {

template <class... Parts>
absl::Status Refuse(const Parts&... parts) {
  return absl::FailedPreconditionError(absl::StrCat(parts...));
}

absl::Status CheckOrigin(const Plan& plan, const GuardView& view) {
  const PlanRecord& record = view.record;
  if (plan.host != record.host) {
    return Refuse("plan is for host \"", plan.host, "\", this is \"",
                  record.host, "\"");
  }
  if (plan.store_id != view.store_id) {
    return Refuse("plan is of store \"", plan.store_id,
                  "\", this session's is \"", view.store_id, "\"");
  }
  if (plan.term < record.seen_term) {
    return Refuse("term ", plan.term.value(), " is below term ",
                  record.seen_term.value(), ", which this host has seen");
  }
  // Another store takes a host over with a term of its own only.
  if (!record.store_id.empty() && plan.store_id != record.store_id &&
      plan.term == record.seen_term) {
    return Refuse("store \"", plan.store_id, "\" is not \"", record.store_id,
                  "\", whose plans this host follows, and term ",
                  plan.term.value(),
                  " is not above its term; adopt the host "
                  "first");
  }
  if (plan.epoch <= record.seen_epoch) {
    return Refuse("epoch ", plan.epoch.value(), " is not above epoch ",
                  record.seen_epoch.value(), ", which this host has seen");
  }
  return absl::OkStatus();
}

absl::Status CheckTable(const PlanCommand& command, const GuardView& view) {
  const Plan& plan = command.plan;
  if (plan.base != view.table) {
    return Refuse("plan replaces table ", absl::Hex(plan.base.value()),
                  ", the table in force is ", absl::Hex(view.table.value()));
  }
  const absl::Status fits = ValidateTable(plan.table, view.layout);
  if (!fits.ok()) return Refuse(fits.message());
  const Digest digest = ComputeDigest(plan.table);
  if (digest != command.digest) {
    return Refuse("plan's table has digest ", absl::Hex(digest.value()),
                  ", not ", absl::Hex(command.digest.value()), " as it says");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckPlan(const PlanCommand& command, const GuardView& view) {
  if (!command.readable.ok()) return Refuse(command.readable.message());
  LB_RETURN_IF_ERROR(CheckOrigin(command.plan, view));
  if (command.deadline.count() > 0 &&
      view.now - view.received > command.deadline) {
    return absl::DeadlineExceededError(
        absl::StrCat("plan expired: it was to start within ",
                     command.deadline.count(), " ms of its arrival"));
  }
  return CheckTable(command, view);
}

}  // namespace lb::agent
