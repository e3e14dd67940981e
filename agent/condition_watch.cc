#include "agent/condition_watch.h"

#include <chrono>
#include <cmath>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace lb::agent {
namespace {

constexpr double kInputBound = 0.9;
constexpr double kRelieved = 0.8;

}  // namespace

std::vector<ConditionWatch::Finding> ConditionWatch::Look(
    const LoadSample& sample) {
  std::vector<Finding> findings;
  stalled_.resize(sample.processors.size());
  for (std::size_t i = 0; i < sample.processors.size(); ++i) {
    const bool stalled = sample.processors[i].stalled;
    if (stalled && !stalled_[i]) {
      findings.push_back({AgentEventKind::kStall,
                          absl::StrCat("processor ", i, " is stalled with ",
                                       sample.processors[i].backlog_packets,
                                       " packets waiting")});
    }
    stalled_[i] = stalled;
  }
  input_bound_.resize(sample.dispatchers.size());
  const std::chrono::duration<double> span = sample.end - sample.start;
  if (span.count() <= 0) return findings;
  for (std::size_t i = 0; i < sample.dispatchers.size(); ++i) {
    const std::chrono::duration<double> busy = sample.dispatchers[i].busy;
    const double utilization = busy / span;
    if (utilization >= kInputBound && !input_bound_[i]) {
      findings.push_back(
          {AgentEventKind::kInputBound,
           absl::StrCat("dispatcher ", i, " is busy for ",
                        std::lround(100 * utilization),
                        "% of the time; give the host another --source")});
      input_bound_[i] = true;
    } else if (utilization < kRelieved) {
      input_bound_[i] = false;
    }
  }
  return findings;
}

}  // namespace lb::agent
