#include "tests/support/simulated_host.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lb::controller {

SimulatedHost::SimulatedHost(std::string host, std::uint32_t processors,
                             std::vector<std::uint64_t> bucket_loads)
    : name(std::move(host)),
      instance_id(name + "-1"),
      loads(std::move(bucket_loads)) {
  layout.buckets = static_cast<std::uint32_t>(loads.size());
  layout.key_id = "key-" + name;
  for (std::uint32_t i = 0; i < processors; ++i) {
    layout.processors.push_back({.cpu = i, .capacity_permille = 1'000});
  }
  table = DealRoundRobin(layout);
}

Hello SimulatedHost::MakeHello() const {
  Hello hello;
  hello.host = name;
  hello.instance_id = instance_id;
  hello.boot_id = "boot";
  hello.software_version = "test";
  hello.protocol_revision = kProtocolRevision;
  hello.labels = {{"site", "here"}};
  hello.layout = layout;
  hello.table = table;
  hello.digest = ComputeDigest(table);
  hello.seen_term = term;
  hello.seen_epoch = epoch;
  hello.store_id = store_id;
  return hello;
}

std::vector<std::uint64_t> SimulatedHost::Busy() const {
  std::vector<std::uint64_t> busy(layout.processors.size(), 0);
  for (std::size_t b = 0; b < loads.size(); ++b) {
    busy[table.owner[b].index()] += loads[b];
  }
  return busy;
}

Report SimulatedHost::MakeReport(std::chrono::nanoseconds end,
                                 std::chrono::nanoseconds interval) {
  Report report;
  report.sequence = ++sequence;
  report.term = term;
  report.epoch = epoch;
  report.load.start = end - interval;
  report.load.end = end;
  report.load.table_start = report.load.table_end = ComputeDigest(table);
  const double seconds = static_cast<double>(interval.count()) / 1e9;
  for (const std::uint64_t busy_per_s : Busy()) {
    const double cpus = std::min(1.0, static_cast<double>(busy_per_s) / 1e9);
    ProcessorLoad processor;
    processor.busy = std::chrono::nanoseconds(
        static_cast<std::int64_t>(cpus * seconds * 1e9));
    processor.samples.count = static_cast<std::uint64_t>(seconds * 100);
    processor.samples.mean = cpus;
    processor.samples.standard_deviation = 0.01;
    processor.packets = busy_per_s / 10'000;
    report.load.processors.push_back(processor);
  }
  for (std::size_t b = 0; b < loads.size(); ++b) {
    if (loads[b] == 0) continue;
    BucketLoad bucket;
    bucket.bucket = BucketId(static_cast<std::uint32_t>(b));
    bucket.load_ns_per_s = loads[b];
    bucket.packets = loads[b] / 10'000;
    bucket.connections = 1;
    report.load.buckets.push_back(bucket);
  }
  DispatcherLoad dispatcher;
  dispatcher.busy = std::chrono::nanoseconds(static_cast<std::int64_t>(
      static_cast<double>(dispatcher_busy_per_s.count()) * seconds));
  report.load.dispatchers.push_back(dispatcher);
  report.load.counters.arrived = report.load.counters.served = sequence;
  return report;
}

PlanResult SimulatedHost::ApplyPartly(const PlanCommand& command,
                                      std::size_t moves) {
  PlanResult result;
  result.term = term = command.plan.term;
  result.epoch = epoch = command.plan.epoch;
  store_id = command.plan.store_id;
  for (const Move& move : DeriveMoves(table, command.plan.table)) {
    const bool moved = result.moves.size() < moves;
    if (moved) table.owner[move.bucket.index()] = move.to;
    result.moves.push_back(
        {move, moved ? MoveOutcome::kMoved : MoveOutcome::kNotMoved,
         std::chrono::microseconds(moved ? 200 : 0)});
    if (!moved) result.state = ApplyState::kPartial;
  }
  result.digest = ComputeDigest(table);
  return result;
}

PlanResult SimulatedHost::Apply(const PlanCommand& command) {
  return ApplyPartly(command, command.plan.table.buckets());
}

PlanResult SimulatedHost::Reject(const PlanCommand& command,
                                 std::string reason) const {
  PlanResult result;
  result.term = command.plan.term;
  result.epoch = command.plan.epoch;
  result.state = ApplyState::kRejected;
  result.reason = std::move(reason);
  result.digest = ComputeDigest(table);
  return result;
}

double SimulatedHost::TrueImbalance() const {
  const std::vector<std::uint64_t> busy = Busy();
  const std::uint64_t sum =
      std::accumulate(busy.begin(), busy.end(), std::uint64_t{0});
  return static_cast<double>(*std::max_element(busy.begin(), busy.end())) *
         static_cast<double>(busy.size()) / static_cast<double>(sum);
}

}  // namespace lb::controller
