#include "sim/host.h"

#include <algorithm>
#include <chrono>

#include "common/int128.h"
#include "sim/random.h"

namespace lb::sim {
namespace {

constexpr std::uint64_t kNoiseStreams = 1'024;  // and following, by processor

std::optional<SpeedNoise> NoiseOf(const Scenario& s, std::uint64_t seed,
                                  std::uint32_t processor) {
  if (s.noise_permille == 0) return std::nullopt;
  return SpeedNoise(s.noise_permille / 1'000.0,
                    s.noise_correlation_permille / 1'000.0,
                    Random(seed, kNoiseStreams + processor));
}

Layout LayoutOf(const Scenario& scenario) {
  Layout layout;
  layout.buckets = scenario.buckets;
  layout.key_id = "simulated";
  for (std::uint32_t i = 0; i < scenario.processors; ++i) {
    layout.processors.push_back({.cpu = i});
  }
  return layout;
}

}  // namespace

Host::Host(const Scenario& scenario, std::size_t open, std::uint64_t seed)
    : scenario_(scenario),
      layout_(LayoutOf(scenario)),
      state_(scenario, open),
      drained_(scenario.processors, false),
      taken_over_(scenario.processors, false),
      transit_of_(scenario.buckets, kAtHome),
      offered_ns_(scenario.processors, 0) {
  SetTable(DealRoundRobin(layout_));
  processors_.reserve(scenario.processors);
  for (std::uint32_t i = 0; i < scenario.processors; ++i) {
    const auto make =
        scenario.queue == QueueKind::kFair ? MakeFairQueue : MakeFifoQueue;
    processors_.emplace_back(state_,
                             make(scenario, state_.packets, state_.connections),
                             NoiseOf(scenario, seed, i));
  }
}

void Host::Arrive(const Arrival& arrival) {
  ConnectionBook::State& connection = state_.connections[arrival.connection];
  const std::size_t bucket = connection.bucket.index();
  state_.ledger.Arrived(arrival.time_ns);
  ++state_.buckets[bucket].arrived;
  offered_ns_[table_.owner[bucket].index()] += arrival.service_ns;
  const PacketIndex packet = state_.packets.Take(
      {arrival.time_ns, arrival.connection, arrival.service_ns});
  if (packet == kNoPacket) {
    state_.ledger.Dropped(arrival.time_ns, DropReason::kPool);
    return;
  }
  ++connection.pending;
  if (transit_of_[bucket] != kAtHome) {
    Hold(packet, transits_[transit_of_[bucket]]);
  } else {
    OwnerOf(connection.bucket).Arrive(packet, arrival.time_ns);
  }
}

void Host::AdvanceTo(std::int64_t now_ns) {
  for (Processor& processor : processors_) processor.AdvanceTo(now_ns);
}

void Host::Hold(PacketIndex packet, Transit& transit) {
  if (transit.held.size() >= scenario_.buffer_packets) {
    state_.Drop(packet, DropReason::kHoldFull);
  } else {
    transit.held.Push(state_.packets.links(), packet);
  }
}

void Host::SetTable(const Table& table) {
  table_ = table;
  digest_ = ComputeDigest(table);
}

std::optional<LoadSample> Host::Report(std::int64_t now_ns) {
  const std::int64_t elapsed_ns = now_ns - interval_start_ns_;
  if (elapsed_ns == 0) return std::nullopt;
  LoadSample sample;
  sample.start = std::chrono::nanoseconds(interval_start_ns_);
  sample.end = std::chrono::nanoseconds(now_ns);
  // Applying a table and a takeover close the interval.
  sample.table_start = digest_;
  sample.table_end = digest_;
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    ProcessorLoad load = processors_[i].Report(now_ns);
    load.in_service = !drained_[i] && !taken_over_[i];
    load.stalled = taken_over_[i];
    sample.processors.push_back(load);
  }
  sample.buckets = CloseBuckets(elapsed_ns);
  interval_start_ns_ = now_ns;
  return sample;
}

std::vector<BucketLoad> Host::CloseBuckets(std::int64_t elapsed_ns) {
  std::vector<BucketLoad> loads;
  for (std::uint32_t b = 0; b < state_.buckets.size(); ++b) {
    BucketTally& tally = state_.buckets[b];
    if (tally.served > 0) {
      const std::uint64_t mean_ns = tally.service_ns / tally.served;
      tally.mean_service_ns = tally.mean_service_ns == 0
                                  ? mean_ns
                                  : (tally.mean_service_ns + mean_ns) / 2;
    }
    if (tally.arrived > 0) {
      const Uint128 offered_ns = Uint128{tally.arrived} * tally.mean_service_ns;
      loads.push_back(
          {.bucket = BucketId(b),
           .load_ns_per_s = static_cast<std::uint64_t>(
               offered_ns * 1'000'000'000 / static_cast<Uint128>(elapsed_ns)),
           .packets = tally.arrived,
           .connections = state_.connections.CountOpen(BucketId(b)),
           .lower_bound = tally.mean_service_ns == 0});
    }
    tally = {.mean_service_ns = tally.mean_service_ns};
  }
  return loads;
}

std::int64_t Host::Apply(const Table& table, std::int64_t now_ns) {
  std::int64_t gone_ns =
      now_ns + std::chrono::nanoseconds(scenario_.pause).count();
  for (const Move& move : DeriveMoves(table_, table)) {
    Transit transit{
        .bucket = move.bucket, .from = move.from, .taken = {}, .held = {}};
    Processor& giver = processors_[move.from.index()];
    giver.Release(move.bucket, transit.taken, now_ns);
    gone_ns = std::max(gone_ns, giver.GoneBy(move.bucket, now_ns));
    transit_of_[move.bucket.index()] =
        static_cast<std::uint32_t>(transits_.size());
    transits_.push_back(transit);
  }
  SetTable(table);
  return gone_ns;
}

std::int64_t Host::FinishMoves(std::int64_t now_ns) {
  std::int64_t gone_ns = now_ns;
  for (const Transit& transit : transits_) {
    gone_ns = std::max(gone_ns, processors_[transit.from.index()].GoneBy(
                                    transit.bucket, now_ns));
  }
  if (gone_ns > now_ns) return gone_ns;
  for (Transit& transit : transits_) {
    Processor& owner = OwnerOf(transit.bucket);
    owner.Adopt(transit.bucket, transit.taken, now_ns);
    transit_of_[transit.bucket.index()] = kAtHome;
    while (!transit.held.empty()) {
      owner.Arrive(transit.held.Pop(state_.packets.links()), now_ns);
    }
  }
  transits_.clear();
  return now_ns;
}

void Host::SetSpeed(ProcessorId processor, std::uint32_t permille,
                    std::int64_t now_ns) {
  processors_[processor.index()].SetSpeed(permille, now_ns);
}

void Host::Drain(ProcessorId processor) { drained_[processor.index()] = true; }

void Host::Fail(ProcessorId processor, std::int64_t now_ns) {
  processors_[processor.index()].Stop(now_ns);
}

bool Host::TakeOver(ProcessorId processor, std::int64_t now_ns) {
  if (!processors_[processor.index()].stopped()) return false;
  std::vector<bool> owns(processors_.size(), false);
  for (const ProcessorId owner : table_.owner) owns[owner.index()] = true;
  std::vector<ProcessorId> heirs;
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    if (owns[i] && !drained_[i] && !processors_[i].stopped()) {
      heirs.push_back(ProcessorId(static_cast<std::uint16_t>(i)));
    }
  }
  if (heirs.empty()) return false;
  AdvanceTo(now_ns);
  taken_over_[processor.index()] = true;
  Table next = table_;
  std::vector<BucketId> dealt;
  for (std::uint32_t b = 0; b < next.buckets(); ++b) {
    if (next.owner[b] != processor) continue;
    next.owner[b] = heirs[dealt.size() % heirs.size()];
    dealt.push_back(BucketId(b));
  }
  processors_[processor.index()].GiveUp(dealt);
  SetTable(next);
  return !dealt.empty();
}

void Host::Return(ProcessorId processor, std::int64_t now_ns) {
  drained_[processor.index()] = false;
  taken_over_[processor.index()] = false;
  processors_[processor.index()].Restart(now_ns);
}

Host::Offered Host::TakeOffered(std::int64_t elapsed_ns) {
  double sum = 0;
  double capacity = 0;
  double highest = 0;
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    const auto offered = static_cast<double>(offered_ns_[i]);
    offered_ns_[i] = 0;
    sum += offered;
    if (drained_[i] || processors_[i].stopped()) continue;
    const double cpus = processors_[i].speed_permille() / 1'000.0;
    capacity += cpus;
    highest = std::max(highest, offered / cpus);
  }
  if (capacity <= 0 || sum <= 0) return {};
  return {.utilization = sum / capacity / static_cast<double>(elapsed_ns),
          .imbalance = highest / (sum / capacity)};
}

}  // namespace lb::sim
