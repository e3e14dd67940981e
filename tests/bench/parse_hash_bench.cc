// What a dispatcher pays to learn a packet's bucket: parse, then hash, a batch
// of 32 at a time. Everything is in the cache; time per packet.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "benchmark/benchmark.h"
#include "dataplane/core/packet_key.h"
#include "dataplane/core/parser.h"
#include "dataplane/core/siphash.h"
#include "dataplane/core/toeplitz.h"
#include "tests/bench/batch_timer.h"
#include "tests/bench/bench_flows.h"

namespace lb::dataplane {
namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kFlows = 1'024;

constexpr auto k4 = static_cast<std::int64_t>(IpVersion::kIpv4);
constexpr auto k6 = static_cast<std::int64_t>(IpVersion::kIpv6);

IpVersion Version(const benchmark::State& state) {
  return static_cast<IpVersion>(state.range(0));
}

std::vector<FlowKey> Flows(IpVersion version) {
  std::vector<FlowKey> flows;
  for (std::uint32_t n = 0; n < kFlows; ++n) {
    flows.push_back(BenchFlow(n, version));
  }
  return flows;
}

void Parse(benchmark::State& state) {
  std::vector<Frame> frames;
  for (const FlowKey& flow : Flows(Version(state))) {
    frames.push_back(BenchFrame(flow));
  }
  if (ParseFrame(frames[0]).result != ParseResult::kOk) {
    state.SkipWithError("the frame does not parse");
    return;
  }
  BatchTimer timer(state, kFlows);
  for (auto _ : state) {
    timer([&] {
      for (const Frame& frame : frames) {
        const Parsed parsed = ParseFrame(frame);
        benchmark::DoNotOptimize(&parsed);
      }
    });
  }
  timer.Report();
}

// What a dispatcher does of it: frames in packets' buffers, keys written beside
// them.
void Keys(benchmark::State& state) {
  std::vector<Packet> packets(kFlows);
  std::vector<Packet*> pointers;
  for (Packet& packet : packets) {
    const auto n = static_cast<std::uint32_t>(pointers.size());
    const Frame frame = BenchFrame(BenchFlow(n, Version(state)));
    std::copy(frame.begin(), frame.end(), packet.frame.begin());
    packet.Resize(frame.size());
    pointers.push_back(&packet);
  }
  BatchTimer timer(state, kFlows);
  for (auto _ : state) {
    timer([&] {
      for (std::size_t first = 0; first < kFlows; first += kBatch) {
        WriteKeys({&pointers[first], kBatch}, KeyForm::kCanonical);
      }
      benchmark::ClobberMemory();
    });
  }
  timer.Report();
}

// Hashes all flows by `hash(span of pointers, span of hashes)`.
template <class Hash>
void HashAll(benchmark::State& state, Hash&& hash) {
  const std::vector<FlowKey> flows = Flows(Version(state));
  std::array<const FlowKey*, kFlows> keys;
  for (std::size_t i = 0; i < kFlows; ++i) keys[i] = &flows[i];
  std::array<std::uint32_t, kBatch> hashes;
  BatchTimer timer(state, kFlows);
  for (auto _ : state) {
    timer([&] {
      for (std::size_t first = 0; first < kFlows; first += kBatch) {
        hash(std::span<const FlowKey* const>(&keys[first], kBatch),
             std::span<std::uint32_t>(hashes));
        benchmark::DoNotOptimize(hashes);
      }
    });
  }
  timer.Report();
}

// Each hash waits for the one before: what a single packet pays.
void SipHashSingle(benchmark::State& state) {
  const FlowHash hash = BenchHash(HashKind::kSipHash);
  std::vector<FlowKey> flows = Flows(Version(state));
  BatchTimer timer(state, kFlows);
  for (auto _ : state) {
    timer([&] {
      std::uint16_t last = 0;
      for (FlowKey& flow : flows) {
        flow.source_port = last;
        last = static_cast<std::uint16_t>(hash(flow));
      }
      benchmark::DoNotOptimize(last);
    });
  }
  timer.Report();
}

void SipHashBulk(benchmark::State& state) {
  const FlowHash hash = BenchHash(HashKind::kSipHash);
  HashAll(state, [&](auto keys, auto hashes) { hash.Bulk(keys, hashes); });
}

// By the method given, a batch of one at a time or in bulk.
void ToeplitzBy(benchmark::State& state, ToeplitzMethod method, bool bulk) {
  if (method == ToeplitzMethod::kGfni && !GfniAvailable()) {
    state.SkipWithError("no GFNI here");
    return;
  }
  const Toeplitz toeplitz(kMicrosoftKey, method);
  HashAll(state, [&](auto keys, auto hashes) {
    if (bulk) return toeplitz.Bulk(keys, hashes);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      toeplitz.Bulk(keys.subspan(i, 1), hashes.subspan(i, 1));
    }
  });
}

void ToeplitzScalarBulk(benchmark::State& state) {
  ToeplitzBy(state, ToeplitzMethod::kScalar, true);
}
void ToeplitzTablesSingle(benchmark::State& state) {
  ToeplitzBy(state, ToeplitzMethod::kTables, false);
}
void ToeplitzTablesBulk(benchmark::State& state) {
  ToeplitzBy(state, ToeplitzMethod::kTables, true);
}
void ToeplitzGfniSingle(benchmark::State& state) {
  ToeplitzBy(state, ToeplitzMethod::kGfni, false);
}
void ToeplitzGfniBulk(benchmark::State& state) {
  ToeplitzBy(state, ToeplitzMethod::kGfni, true);
}

// Named by the IP version: flow keys of 12 and 36 bytes.
BENCHMARK(Parse)->Arg(k4)->Arg(k6)->UseManualTime();
BENCHMARK(Keys)->Arg(k4)->Arg(k6)->UseManualTime();
BENCHMARK(SipHashSingle)->Arg(k4)->Arg(k6)->UseManualTime();
BENCHMARK(SipHashBulk)->Arg(k4)->Arg(k6)->UseManualTime();
BENCHMARK(ToeplitzScalarBulk)->Arg(k4)->Arg(k6)->UseManualTime();
BENCHMARK(ToeplitzTablesSingle)->Arg(k4)->Arg(k6)->UseManualTime();
BENCHMARK(ToeplitzTablesBulk)->Arg(k4)->Arg(k6)->UseManualTime();
BENCHMARK(ToeplitzGfniSingle)->Arg(k4)->Arg(k6)->UseManualTime();
BENCHMARK(ToeplitzGfniBulk)->Arg(k4)->Arg(k6)->UseManualTime();

}  // namespace
}  // namespace lb::dataplane
