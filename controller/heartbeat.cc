#include "controller/heartbeat.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"

namespace lb::controller {
namespace {

std::string_view StateName(ControllerState state) {
  switch (state) {
    case ControllerState::kActive:
      return "ACTIVE";
    case ControllerState::kDegraded:
      return "DEGRADED";
    case ControllerState::kFenced:
      return "FENCED";
  }
  return "";
}

// "ACTIVE: 2 of 3 hosts are connected, term 7".
std::string Describe(const ControllerStatus& status) {
  std::string text =
      absl::StrCat(ToAbsl(StateName(status.state)), ": ",
                   status.connected_hosts, " of ", status.hosts,
                   " hosts are connected, term ", status.identity.term.value());
  if (!status.reason.empty()) absl::StrAppend(&text, "; ", status.reason);
  return text;
}

// Three beats fit into the manager's patience, so that one may be late.
std::chrono::nanoseconds IntervalFor(const ServiceManager& manager) {
  const std::chrono::nanoseconds longest = Heartbeat::kLongestInterval;
  if (manager.patience().count() == 0) return longest;
  return std::min<std::chrono::nanoseconds>(longest, manager.patience() / 3);
}

}  // namespace

Heartbeat::Heartbeat(EventLoop& loop, const Clock& clock,
                     const ServiceManager& manager, Look look)
    : loop_(loop),
      clock_(clock),
      manager_(manager),
      look_(std::move(look)),
      interval_(IntervalFor(manager)) {}

void Heartbeat::Beat() {
  manager_.Alive();
  std::string text = Describe(look_());
  if (text != told_) {
    manager_.Status(text);
    told_ = std::move(text);
  }
  const MonotonicTime now = clock_.Monotonic();
  if (now >= next_audit_) {
    next_audit_ = now + kAuditInterval;
    LogAuditHead();
  }
  loop_.PostAt(now + interval_, [this] { Beat(); });
}

void Heartbeat::LogAuditHead() {
  const AuditHead head = look_().head;
  if (head == logged_) return;
  logged_ = head;
  spdlog::info("audit head {}:{}", head.sequence, ToHex(head.hash));
}

}  // namespace lb::controller
