#include "agent/condition_watch.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace lb::agent {
namespace {

constexpr double kInputBound = 0.9;
constexpr double kRelieved = 0.8;

constexpr std::chrono::minutes kQuiet{1};

// What the processor's stall means, once it is told.
std::string DescribeStall(std::size_t processor, const LoadSample& sample) {
  for (const Takeover& takeover : sample.takeovers) {
    if (takeover.processor.index() == processor) return Describe(takeover);
  }
  const bool alone =
      std::none_of(sample.processors.begin(), sample.processors.end(),
                   [](const ProcessorLoad& p) { return p.in_service; });
  return absl::StrCat(
      "processor ", processor, " is stalled with ",
      sample.processors[processor].backlog_packets, " packets waiting",
      alone ? "; no processor is in service to take its buckets over" : "");
}

}  // namespace

std::string Describe(const Takeover& takeover) {
  return absl::StrCat("processor ", takeover.processor.value(),
                      " completed no turn for a second; its ", takeover.buckets,
                      " buckets were taken over, and ", takeover.packets,
                      " packets and ", takeover.connections,
                      " connections with their timers dropped");
}

bool ConditionWatch::Begins(Condition& condition,
                            std::chrono::nanoseconds now) {
  if (condition.holds) return false;
  condition.holds = true;
  if (condition.told && now - *condition.told < kQuiet) return false;
  condition.told = now;
  return true;
}

std::vector<ConditionWatch::Finding> ConditionWatch::Look(
    const LoadSample& sample) {
  std::vector<Finding> findings;
  stalled_.resize(sample.processors.size());
  for (std::size_t i = 0; i < sample.processors.size(); ++i) {
    if (!sample.processors[i].stalled) {
      stalled_[i].holds = false;
    } else if (Begins(stalled_[i], sample.end)) {
      findings.push_back({AgentEventKind::kStall, DescribeStall(i, sample)});
    }
  }
  input_bound_.resize(sample.dispatchers.size());
  const std::chrono::duration<double> span = sample.end - sample.start;
  if (span.count() <= 0) return findings;
  for (std::size_t i = 0; i < sample.dispatchers.size(); ++i) {
    const double utilization = std::min(1.0, sample.dispatchers[i].busy / span);
    if (utilization < kRelieved) {
      input_bound_[i].holds = false;
    } else if (utilization >= kInputBound &&
               Begins(input_bound_[i], sample.end)) {
      findings.push_back(
          {AgentEventKind::kInputBound,
           absl::StrCat("dispatcher ", i, " is busy for ",
                        std::lround(100 * utilization),
                        "% of the time; give the host another --source")});
    }
  }
  return findings;
}

}  // namespace lb::agent
