#include "sim/random_workload.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sim/distributions.h"

namespace lb::sim {
namespace {

// Streams of the seed.
constexpr std::uint64_t kWeights = 1;
constexpr std::uint64_t kBirths = 2;
constexpr std::uint64_t kServices = 3;
constexpr std::uint64_t kArrivals = 16;  // and following, by source

std::vector<double> BaseWeights(const Scenario& s, std::uint64_t seed) {
  const double exponent = s.exponent_permille / 1'000.0;
  std::vector<double> weights;
  if (s.rates == Rates::kZipf) {
    weights = ZipfWeights(s.connections, exponent);
  } else if (s.rates == Rates::kPareto) {
    Random random(seed, kWeights);
    weights = ParetoWeights(s.connections, exponent, random);
    std::sort(weights.rbegin(), weights.rend());
  } else {
    weights.assign(s.connections, 1.0 / s.connections);
  }
  if (s.elephant_permille == 0) return weights;
  const double elephant = s.elephant_permille / 1'000.0;
  for (double& weight : weights) weight *= 1 - elephant;
  weights.insert(weights.begin(), elephant);
  return weights;
}

std::int64_t After(std::int64_t now_ns, double mean_gap_ns, Random& random) {
  return now_ns + Rounded(mean_gap_ns * ExponentialVariate(random));
}

}  // namespace

RandomWorkload::RandomWorkload(const Scenario& scenario, std::uint64_t seed)
    : scenario_(scenario),
      per_second_(1e6 / static_cast<double>(scenario.service.count())),
      births_(seed, kBirths),
      services_(seed, kServices) {
  const auto add = [&](std::vector<double> weights, double load,
                       Parity parity) -> Source& {
    open_ += weights.size();
    Source& source = sources_.emplace_back(
        std::move(weights), Random(seed, kArrivals + sources_.size()));
    source.parity = parity;
    source.rate = load * scenario.processors * per_second_;
    return source;
  };
  const double load = scenario.load_permille / 1'000.0;
  const std::size_t immortal = scenario.elephant_permille > 0 ? 1 : 0;
  std::vector<double> weights = BaseWeights(scenario, seed);
  if (scenario.wave_permille == 0) {
    add(std::move(weights), load, Parity::kAny).immortal = immortal;
  } else {
    // Alike but for when they are high.
    add(weights, load / 2, Parity::kEven).immortal = immortal;
    add(std::move(weights), load / 2, Parity::kOdd);
    wave_ns_ = 0;
  }
  for (const Happening& crowd : scenario.happenings) {
    if (crowd.kind != HappeningKind::kFlashCrowd) continue;
    Source& source =
        add(std::vector<double>(crowd.connections, 1.0 / crowd.connections),
            crowd.permille / 1'000.0, Parity::kAny);
    source.lasting = false;
    source.opens_ns = Ns(crowd.at);
    source.closes_ns = Ns(crowd.until);
  }
}

void RandomWorkload::Start(ConnectionBook& connections) {
  connections_ = &connections;
  for (Source& source : sources_) {
    if (!source.lasting) continue;
    Open(source, 0);
    source.opens_ns = kNever;
  }
  FindBarrier();
}

Arrival RandomWorkload::Next() {
  Source* source = &Earliest();
  while (source->next_ns >= barrier_ns_ && barrier_ns_ != kNever) {
    PassBarrier();
    source = &Earliest();
  }
  Arrival arrival;
  arrival.time_ns = source->next_ns;
  if (arrival.time_ns == kNever) return arrival;
  arrival.connection = source->connections[source->table.Draw(source->random)];
  arrival.service_ns = DrawServiceNs(scenario_, services_);
  ScheduleArrival(*source, arrival.time_ns);
  return arrival;
}

BucketId RandomWorkload::HeaviestBucket() const {
  return (*connections_)[sources_.front().connections.front()].bucket;
}

void RandomWorkload::Open(Source& source, std::int64_t now_ns) {
  const std::size_t count = source.table.size();
  source.connections.clear();
  for (std::size_t i = 0; i < count; ++i) {
    source.connections.push_back(connections_->Open(DrawBucket(source)));
  }
  ScheduleEnd(source, now_ns);
  SetRate(source, 1, now_ns);
}

void RandomWorkload::Close(Source& source) {
  for (const ConnectionIndex connection : source.connections) {
    connections_->Close(connection);
  }
  source.next_ns = kNever;
  source.next_end_ns = kNever;
}

BucketId RandomWorkload::DrawBucket(const Source& source) {
  std::uint32_t bucket =
      scenario_.placement == Placement::kRoundRobin
          ? dealt_++ % scenario_.buckets
          : static_cast<std::uint32_t>(births_.Below(scenario_.buckets));
  if (source.parity != Parity::kAny) {
    bucket = (bucket & ~1U) | (source.parity == Parity::kOdd ? 1U : 0U);
  }
  return BucketId(bucket);
}

void RandomWorkload::SetRate(Source& source, double factor,
                             std::int64_t now_ns) {
  const double rate = source.rate * factor;
  source.mean_gap_ns = rate > 0 ? 1e9 / rate : 0;
  ScheduleArrival(source, now_ns);
}

void RandomWorkload::ScheduleArrival(Source& source, std::int64_t now_ns) {
  // Memoryless: what was due under another rate need not be remembered.
  source.next_ns = source.mean_gap_ns > 0
                       ? After(now_ns, source.mean_gap_ns, source.random)
                       : kNever;
}

void RandomWorkload::ScheduleEnd(Source& source, std::int64_t now_ns) {
  const std::size_t mortal = source.table.size() - source.immortal;
  if (scenario_.lifetime.count() == 0 || mortal == 0) return;
  source.next_end_ns = After(
      now_ns,
      static_cast<double>(Ns(scenario_.lifetime)) / static_cast<double>(mortal),
      births_);
}

// Ends that come evenly at random, each of a connection drawn evenly, make
// exponentially distributed lifetimes.
void RandomWorkload::ReplaceConnection(Source& source) {
  const std::size_t which =
      source.immortal +
      births_.Below(source.connections.size() - source.immortal);
  connections_->Close(source.connections[which]);
  source.connections[which] = connections_->Open(DrawBucket(source));
}

void RandomWorkload::FindBarrier() {
  barrier_ns_ = wave_ns_;
  for (const Source& source : sources_) {
    barrier_ns_ = std::min(
        {barrier_ns_, source.opens_ns, source.closes_ns, source.next_end_ns});
  }
}

void RandomWorkload::PassBarrier() {
  const std::int64_t now_ns = barrier_ns_;
  for (Source& source : sources_) {
    if (source.opens_ns == now_ns) {
      source.opens_ns = kNever;
      Open(source, now_ns);
    }
    if (source.closes_ns == now_ns) {
      source.closes_ns = kNever;
      Close(source);
    }
    if (source.next_end_ns == now_ns) {
      ReplaceConnection(source);
      ScheduleEnd(source, now_ns);
    }
  }
  if (wave_ns_ == now_ns) {
    const double part = scenario_.wave_permille / 1'000.0;
    SetRate(sources_[0], even_high_ ? 1 + part : 1 - part, now_ns);
    SetRate(sources_[1], even_high_ ? 1 - part : 1 + part, now_ns);
    even_high_ = !even_high_;
    wave_ns_ += Ns(scenario_.wave_period) / 2;
  }
  FindBarrier();
}

RandomWorkload::Source& RandomWorkload::Earliest() {
  Source* earliest = &sources_.front();
  for (Source& source : sources_) {
    if (source.next_ns < earliest->next_ns) earliest = &source;
  }
  return *earliest;
}

}  // namespace lb::sim
