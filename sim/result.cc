#include "sim/result.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace lb::sim {
namespace {

constexpr std::array kFigures = {
    &Figures::mean_ms,
    &Figures::p50_ms,
    &Figures::p95_ms,
    &Figures::p99_ms,
    &Figures::drop_part,
    &Figures::drops,
    &Figures::imbalance,
    &Figures::highest_imbalance,
    &Figures::plans,
    &Figures::act_part,
    &Figures::moves,
    &Figures::moves_not_ignored,
    &Figures::moved_connections,
    &Figures::returns,
    &Figures::heaviest_moves,
};
static_assert(sizeof(Figures) == kFigures.size() * sizeof(double));

double InMilliseconds(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

double Part(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0
                    : static_cast<double>(part) / static_cast<double>(whole);
}

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

void AddHost(const RunResult& host, RunResult& sum) {
  sum.latency.Merge(host.latency);
  sum.arrived += host.arrived;
  sum.dropped += host.dropped;
  sum.packets.arrived += host.packets.arrived;
  sum.packets.served += host.packets.served;
  sum.packets.reordered += host.packets.reordered;
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    sum.packets.dropped[i] += host.packets.dropped[i];
  }
  sum.queued += host.queued;
  sum.reports += host.reports;
  sum.moves += host.moves;
  sum.moves_not_ignored += host.moves_not_ignored;
  sum.moved_connections += host.moved_connections;
  sum.returns += host.returns;
  sum.heaviest_moves += host.heaviest_moves;
  for (PlanResult plan : host.plans) {
    plan.host = static_cast<std::uint32_t>(sum.seconds.size());
    sum.plans.push_back(plan);
  }
  sum.seconds.insert(sum.seconds.end(), host.seconds.begin(),
                     host.seconds.end());
}

Figures FiguresOf(const RunResult& run, std::int64_t ignored_ms) {
  Figures f;
  f.mean_ms = run.latency.Mean() / 1e6;
  f.p50_ms = InMilliseconds(run.latency.Quantile(500));
  f.p95_ms = InMilliseconds(run.latency.Quantile(950));
  f.p99_ms = InMilliseconds(run.latency.Quantile(990));
  f.drop_part = Part(run.dropped, run.arrived);
  f.drops = static_cast<double>(run.dropped);
  const auto first = static_cast<std::size_t>((ignored_ms + 999) / 1'000);
  double sum = 0;
  std::uint64_t count = 0;
  for (const std::vector<SecondResult>& host : run.seconds) {
    for (std::size_t s = first; s < host.size(); ++s) {
      sum += host[s].imbalance;
      f.highest_imbalance = std::max(f.highest_imbalance, host[s].imbalance);
      ++count;
    }
  }
  if (count > 0) f.imbalance = sum / static_cast<double>(count);
  f.plans = static_cast<double>(run.plans.size());
  f.act_part = Part(run.plans.size(), run.reports);
  f.moves = static_cast<double>(run.moves);
  f.moves_not_ignored = static_cast<double>(run.moves_not_ignored);
  f.moved_connections = static_cast<double>(run.moved_connections);
  f.returns = static_cast<double>(run.returns);
  f.heaviest_moves = static_cast<double>(run.heaviest_moves);
  return f;
}

Figures Median(const std::vector<Figures>& runs) {
  Figures median;
  for (double Figures::*figure : kFigures) {
    std::vector<double> values;
    values.reserve(runs.size());
    for (const Figures& run : runs) values.push_back(run.*figure);
    median.*figure = MedianOf(std::move(values));
  }
  return median;
}

}  // namespace lb::sim
