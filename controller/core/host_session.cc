#include "controller/core/host_session.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {
namespace {

constexpr std::size_t kMaxNameLength = 63;
constexpr std::size_t kMaxTextLength = 256;
constexpr std::size_t kMaxLabels = 64;
// Clocks run apart by one part in so many at most: 500 ppm, which is as much as
// NTP corrects.
constexpr int kMostDrift = 2'000;
// Longer than any machine is up. Beyond it differences of times could overflow.
constexpr std::chrono::nanoseconds kLatestEnd = std::chrono::hours(876'000);
// What SQL's integers hold.
constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();

absl::Status ValidateTexts(const Hello& hello) {
  if (hello.instance_id.empty() || hello.instance_id.size() > kMaxTextLength) {
    return absl::InvalidArgumentError(absl::StrCat(
        "host ", hello.host, ": instance id has ", hello.instance_id.size(),
        " bytes; use 1 to ", kMaxTextLength));
  }
  for (const std::string* text : {&hello.boot_id, &hello.software_version,
                                  &hello.store_id, &hello.layout.key_id}) {
    if (text->size() > kMaxTextLength) {
      return absl::InvalidArgumentError(
          absl::StrCat("host ", hello.host, ": a text of the hello has ",
                       text->size(), " bytes; use at most ", kMaxTextLength));
    }
  }
  if (hello.labels.size() > kMaxLabels) {
    return absl::InvalidArgumentError(
        absl::StrCat("host ", hello.host, " has ", hello.labels.size(),
                     " labels; use at most ", kMaxLabels));
  }
  for (const auto& [key, value] : hello.labels) {
    if (key.empty() || key.size() > kMaxTextLength ||
        value.size() > kMaxTextLength) {
      return absl::InvalidArgumentError(
          absl::StrCat("host ", hello.host, ": label \"", key,
                       "\" is empty or longer than ", kMaxTextLength));
    }
  }
  return absl::OkStatus();
}

bool Names(const std::vector<std::string>& features, std::string_view feature) {
  return std::find(features.begin(), features.end(), feature) != features.end();
}

}  // namespace

absl::Status ValidateHostName(std::string_view host) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
           c == '_' || c == '-';
  };
  if (host.empty() || host.size() > kMaxNameLength ||
      !absl::ascii_isalnum(static_cast<unsigned char>(host.front())) ||
      !std::all_of(host.begin(), host.end(), allowed)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "host \"", ToAbsl(host.substr(0, kMaxTextLength)),
        "\" is not a name; use 1 to ", kMaxNameLength,
        " letters, digits, '.', '_' or '-', a letter or digit first"));
  }
  return absl::OkStatus();
}

absl::Status ValidateHello(const Hello& hello) {
  LB_RETURN_IF_ERROR(ValidateHostName(hello.host));
  if (hello.protocol_revision + 1 < kProtocolRevision ||
      hello.protocol_revision > kProtocolRevision + 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("host ", hello.host, " speaks protocol revision ",
                     hello.protocol_revision, "; this controller serves ",
                     kProtocolRevision - 1, " to ", kProtocolRevision + 1,
                     ": bring agent and controller within one revision"));
  }
  LB_RETURN_IF_ERROR(ValidateTexts(hello));
  const std::string where = absl::StrCat("host ", hello.host);
  LB_RETURN_IF_ERROR(Annotate(ValidateLayout(hello.layout), where));
  LB_RETURN_IF_ERROR(Annotate(ValidateTable(hello.table, hello.layout), where));
  if (const Digest digest = ComputeDigest(hello.table);
      digest != hello.digest) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": table has digest ", absl::Hex(digest.value()),
                     ", the hello says ", absl::Hex(hello.digest.value())));
  }
  if (hello.seen_term.value() > kMaxNumber ||
      hello.seen_epoch.value() > kMaxNumber) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": seen term ", hello.seen_term.value(), " or epoch ",
        hello.seen_epoch.value(), " is beyond ", kMaxNumber));
  }
  return absl::OkStatus();
}

HostSession::HostSession(SessionId id, std::shared_ptr<AgentLink> link,
                         const Hello& hello, MonotonicTime now)
    : id_(id),
      link_(std::move(link)),
      instance_id_(hello.instance_id),
      seen_term_(hello.seen_term),
      drain_(Names(hello.features, kDrainFeature)),
      query_(Names(hello.features, kQueryFeature)),
      last_end_(now) {}

bool HostSession::Has(std::string_view feature) const {
  return (drain_ && feature == kDrainFeature) ||
         (query_ && feature == kQueryFeature);
}

absl::Status HostSession::OnReport(const Report& report,
                                   MonotonicTime arrival) {
  if (report.sequence <= sequence_) {
    return absl::InvalidArgumentError(
        absl::StrCat("report ", report.sequence, " follows report ", sequence_,
                     "; the sequence must rise"));
  }
  if (report.load.end <= report.load.start || report.load.end > kLatestEnd) {
    return absl::InvalidArgumentError(absl::StrCat(
        "report ", report.sequence, " ends at ", report.load.end.count(),
        " ns and starts at ", report.load.start.count(),
        " ns; it must end later than it starts, and within 100 years"));
  }
  sequence_ = report.sequence;
  const std::chrono::nanoseconds difference =
      std::chrono::nanoseconds(arrival.time_since_epoch()) - report.load.end;
  // What drift can have made of it.
  const auto smallest =
      smallest_difference_
          ? *smallest_difference_ + (arrival - last_arrival_) / kMostDrift
          : difference;
  last_arrival_ = arrival;
  smallest_difference_ = std::min(difference, smallest);
  age_ = difference - *smallest_difference_;
  last_end_ = std::max(last_end_, arrival - age_);
  reported_ += std::min<std::chrono::nanoseconds>(
      report.load.end - report.load.start, std::chrono::hours(1));
  return absl::OkStatus();
}

bool HostSession::Stale(MonotonicTime now,
                        std::chrono::nanoseconds interval) const {
  return now - last_end_ > kStaleIntervals * interval;
}

}  // namespace lb::controller
