#include "balance/decision.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "balance/normal_distribution.h"
#include "balance/thresholds.h"

namespace lb::balance {
namespace {

constexpr std::uint32_t kReportsRunning = 2;
constexpr double kUnknownError = 1e9;

double Load(const ProcessorMeasurement& p) {
  return std::max(p.samples.mean, p.offered);
}

double Utilization(const ProcessorMeasurement& p) {
  return Load(p) * 1'000 / p.capacity_permille;
}

// A verdict that does not depend on how even the host is.
Decision Plain(Decision d, Verdict verdict, std::string reason) {
  d.verdict = verdict;
  d.act = IsAct(verdict);
  d.over_trigger = 0;
  d.reason = std::move(reason);
  return d;
}

bool HoldsMovable(const ProcessorMeasurement& p) {
  return p.buckets > p.pinned;
}

// What the samples say: U, the imbalance, its standard error.
void Assess(const HostMeasurement& m, Decision& d) {
  double busy = 0;
  double capacity = 0;
  const ProcessorMeasurement* highest = nullptr;
  for (const ProcessorMeasurement& p : m.processors) {
    if (!p.in_service) continue;
    busy += Load(p);
    capacity += p.capacity_permille / 1'000.0;
    if (highest == nullptr || Utilization(p) > Utilization(*highest)) {
      highest = &p;
    }
  }
  d.bound = m.bound;
  if (highest == nullptr || busy <= 0) return;
  d.system_utilization = busy / capacity;
  d.imbalance = Utilization(*highest) / d.system_utilization;
  d.standard_error =
      std::max(StandardError(highest->samples) * 1'000 /
                   highest->capacity_permille / d.system_utilization,
               m.error_between_reports);
}

std::uint32_t InService(const HostMeasurement& m) {
  return static_cast<std::uint32_t>(
      std::count_if(m.processors.begin(), m.processors.end(),
                    [](const auto& p) { return p.in_service; }));
}

// Reasons not even to look at the loads, in order of precedence.
std::optional<Decision> Blocked(const Policy& policy, const HostMeasurement& m,
                                const Decision& d) {
  if (m.plan_in_flight) {
    return Plain(d, Verdict::kPlanInFlight, "a plan is in flight");
  }
  if (m.stale) {
    return Plain(d, Verdict::kStale, "no report for three intervals");
  }
  if (!m.nonsense.empty()) {
    return Plain(d, Verdict::kNonsensical,
                 absl::StrCat("the last report makes no sense: ", m.nonsense));
  }
  for (std::size_t i = 0; i < m.processors.size(); ++i) {
    const ProcessorMeasurement& p = m.processors[i];
    // A drain is carried out whatever the mode.
    if (!p.in_service && HoldsMovable(p) &&
        (policy.mode != Mode::kOff || !p.stalled)) {
      return Plain(d, Verdict::kEvacuate,
                   absl::StrCat("processor ", i, " is ",
                                p.stalled ? "stalled" : "drained",
                                " and holds ", p.buckets, " buckets"));
    }
  }
  if (policy.mode == Mode::kOff) {
    return Plain(d, Verdict::kOff, "the policy's mode is off");
  }
  if (m.warming_up) {
    return Plain(d, Verdict::kWarmingUp, "the host has just connected");
  }
  if (m.input_bound) {
    return Plain(d, Verdict::kInputBound,
                 "a dispatcher is the bottleneck; moving buckets would not "
                 "help");
  }
  const bool all_measured = std::all_of(
      m.processors.begin(), m.processors.end(),
      [](const auto& p) { return !p.in_service || p.samples.count > 0; });
  if (!m.current_table || !all_measured) {
    return Plain(d, Verdict::kOtherTable, "no report of the current table yet");
  }
  return std::nullopt;
}

Decision JudgeImbalance(const Policy& policy, const HostMeasurement& m,
                        Decision d, std::uint32_t over_trigger) {
  const double trigger =
      ThresholdsAt(policy, d.lowest_maximum()).trigger_permille / 1'000.0 *
      d.bound;
  if (!(d.imbalance > trigger)) {
    return Plain(
        d, Verdict::kEven,
        absl::StrFormat("imbalance %.3f is within %.3f", d.imbalance, trigger));
  }
  d.over_trigger = over_trigger + 1;
  const double z = CorrectedZ(policy.z_permille, InService(m));
  const std::string over =
      absl::StrFormat("imbalance %.3f is over %.3f", d.imbalance, trigger);
  const double errors = d.standard_error > 0
                            ? (d.imbalance - 1) / d.standard_error
                            : kUnknownError;
  const std::string significance =
      absl::StrFormat("%.1f standard errors above 1, %.2f are needed",
                      std::min(errors, 9'999.0), z);
  if (d.over_trigger < kReportsRunning) {
    d.verdict = Verdict::kOnce;
    d.reason = absl::StrCat(over, ", in one report so far");
  } else if (!(errors > z)) {
    d.verdict = Verdict::kNotSignificant;
    d.reason = absl::StrCat(over, ", but may be chance: ", significance);
  } else {
    d.verdict = Verdict::kImbalance;
    d.reason = absl::StrCat(over, " in ", d.over_trigger, " reports running; ",
                            significance);
  }
  d.act = IsAct(d.verdict);
  return d;
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kImbalance:
      return "IMBALANCE";
    case Verdict::kEmptyProcessor:
      return "EMPTY_PROCESSOR";
    case Verdict::kEvacuate:
      return "EVACUATE";
    case Verdict::kOff:
      return "OFF";
    case Verdict::kPlanInFlight:
      return "PLAN_IN_FLIGHT";
    case Verdict::kStale:
      return "STALE";
    case Verdict::kNonsensical:
      return "NONSENSICAL";
    case Verdict::kWarmingUp:
      return "WARMING_UP";
    case Verdict::kInputBound:
      return "INPUT_BOUND";
    case Verdict::kOtherTable:
      return "OTHER_TABLE";
    case Verdict::kBelowFloor:
      return "BELOW_FLOOR";
    case Verdict::kEven:
      return "EVEN";
    case Verdict::kNotSignificant:
      return "NOT_SIGNIFICANT";
    case Verdict::kOnce:
      return "ONCE";
    case Verdict::kNoBetterTable:
      return "NO_BETTER_TABLE";
    case Verdict::kGainTooSmall:
      return "GAIN_TOO_SMALL";
  }
  return "UNKNOWN";
}

bool IsAct(Verdict verdict) {
  return verdict == Verdict::kImbalance ||
         verdict == Verdict::kEmptyProcessor || verdict == Verdict::kEvacuate;
}

bool IsFrozen(Verdict verdict) {
  return verdict == Verdict::kStale || verdict == Verdict::kNonsensical ||
         verdict == Verdict::kWarmingUp || verdict == Verdict::kInputBound;
}

Decision Decide(const Policy& policy, const HostMeasurement& m,
                std::uint32_t over_trigger) {
  Decision d;
  Assess(m, d);
  if (std::optional<Decision> blocked = Blocked(policy, m, d)) return *blocked;
  for (std::size_t i = 0; i < m.processors.size(); ++i) {
    if (m.processors[i].in_service && m.processors[i].buckets == 0) {
      return Plain(
          d, Verdict::kEmptyProcessor,
          absl::StrCat("processor ", i, " is in service and holds no bucket"));
    }
  }
  const double floor = policy.floor_permille / 1'000.0;
  if (d.system_utilization < floor) {
    return Plain(d, Verdict::kBelowFloor,
                 absl::StrFormat("system utilization %.3f is below %.3f",
                                 d.system_utilization, floor));
  }
  return JudgeImbalance(policy, m, std::move(d), over_trigger);
}

Decision Judge(const Policy& policy, Decision d, const Proposal& proposal) {
  if (proposal.moves.empty()) {
    d.verdict = Verdict::kNoBetterTable;
    d.reason = proposal.reason;
  } else if (d.verdict == Verdict::kImbalance) {
    const double gain = proposal.imbalance_before - proposal.imbalance_after;
    const double needed = policy.min_gain_permille / 1'000.0;
    if (gain >= needed) return d;
    d.verdict = Verdict::kGainTooSmall;
    d.reason = absl::StrFormat(
        "%d moves would lower the imbalance by %.3f only, less than %.3f",
        proposal.moves.size(), gain, needed);
  }
  d.act = IsAct(d.verdict);
  return d;
}

double StandardError(const SampleStatistics& samples) {
  if (samples.count < 2) return kUnknownError;
  const double r =
      std::clamp(samples.lag1_autocorrelation, 0.0, kMaxAutocorrelation);
  return samples.standard_deviation *
         SquareRoot((1 + r) / (1 - r) / static_cast<double>(samples.count));
}

double CorrectedZ(std::uint32_t z_permille, std::uint32_t processors) {
  const double z = std::min<std::uint32_t>(z_permille, 6'000) / 1'000.0;
  if (processors <= 1) return z;
  return NormalUpperQuantile(NormalUpperTail(z) / processors);
}

}  // namespace lb::balance
