#include "controller/core/host_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "balance/imbalance_index.h"
#include "controller/core/host_intents.h"
#include "controller/core/usage.h"

namespace lb::controller {
namespace {

std::string ReasonOf(const Standing& standing) {
  if (standing.code.empty()) return standing.reason;
  return absl::StrCat(standing.code, ": ", standing.reason);
}

// Before any report: what the layout and the table say.
void FillIdle(const Host& host, HostView& view) {
  const auto& layout = host.record.layout.processors;
  const auto counts = CountBuckets(host.record.table, layout.size());
  for (std::size_t i = 0; i < layout.size(); ++i) {
    view.processors.push_back({.cpu = layout[i].cpu,
                               .capacity_permille = layout[i].capacity_permille,
                               .utilization = 0,
                               .buckets = counts[i]});
  }
}

void FillMeasured(const Host& host, const LoadSample& load, HostView& view) {
  auto usage = UsageOf(load, host.record.table);
  MarkDrained(host.record.intent, usage);
  view.report_time = host.report_time;
  view.system_utilization = balance::SystemUtilization(usage);
  view.imbalance = balance::Imbalance(usage);
  const std::vector<std::uint64_t>& loads = host.load->bucket_loads();
  view.bound =
      balance::Bound(usage, *std::max_element(loads.begin(), loads.end()));
  view.counters = load.counters;
  for (std::size_t i = 0; i < usage.size(); ++i) {
    const ProcessorLoad& processor = load.processors[i];
    view.processors.push_back(
        {.cpu = host.record.layout.processors[i].cpu,
         .capacity_permille = processor.capacity_permille,
         .utilization = balance::Utilization(usage[i]),
         .buckets = usage[i].buckets,
         .in_service = processor.in_service,
         .stalled = processor.stalled,
         .packets_per_s = PerSecond(std::chrono::nanoseconds(processor.packets),
                                    load.end - load.start),
         .backlog_packets = processor.backlog_packets});
  }
  if (std::none_of(usage.begin(), usage.end(),
                   [](const auto& one) { return one.in_service; })) {
    return;
  }
  const balance::ImbalanceIndex index = balance::ComputeImbalanceIndex(
      usage, static_cast<std::uint32_t>(host.record.table.buckets()));
  view.total_index = index.Total();
  for (std::size_t i = 0; i < usage.size(); ++i) {
    view.processors[i].index = index.IndexOf(i);
    view.processors[i].quota = index.quota[i];
  }
}

}  // namespace

HostView SummaryOf(const Host& host, const PolicyRecord& policy,
                   const std::optional<Pause>& fleet_pause) {
  HostView view;
  view.record = host.record;
  view.record.table = {};
  view.digest = host.digest;
  view.policy = host.record.policy.value_or(policy);
  const Pause* const pause = PauseFor(host, fleet_pause);
  view.mode = ModeUnder(pause, view.policy.policy.mode);
  if (pause != nullptr) view.pause = *pause;
  view.fleet_paused = fleet_pause && pause == &*fleet_pause;
  if (!host.connected()) {
    view.state = HostState::kDisconnected;
  } else if (!host.fenced.empty() || host.standing.frozen) {
    view.state = HostState::kFrozen;
  } else {
    view.state = HostState::kActive;
  }
  view.reason = ReasonOf(host.standing);
  if (host.last_report) {
    FillMeasured(host, *host.last_report, view);
  } else {
    FillIdle(host, view);
  }
  for (const ProcessorId drained : host.record.intent.drained) {
    if (drained.index() < view.processors.size()) {
      view.processors[drained.index()].in_service = false;
      view.processors[drained.index()].drained = true;
    }
  }
  return view;
}

HostView ViewOf(const Host& host, const PolicyRecord& policy,
                const std::optional<Pause>& fleet_pause) {
  HostView view = SummaryOf(host, policy, fleet_pause);
  view.record.table = host.record.table;
  if (host.last_report) {
    view.bucket_loads = host.load->bucket_loads();
    view.bucket_connections = host.load->connections();
  }
  return view;
}

}  // namespace lb::controller
