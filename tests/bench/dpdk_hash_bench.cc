// DPDK's Toeplitz hashes on the flows of parse_hash_bench.cc, laid out as its
// functions want them.
#if defined(__GNUC__) && !defined(__clang__)
// Raised falsely inside GCC 12's intrinsics (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <rte_thash.h>
#include <rte_thash_gfni.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "benchmark/benchmark.h"
#include "dataplane/core/toeplitz.h"
#include "tests/bench/batch_timer.h"
#include "tests/bench/bench_flows.h"

namespace lb::dataplane {
namespace {

constexpr std::size_t kFlows = 1'024;
constexpr std::size_t kBatch = 32;
constexpr auto k4 = static_cast<std::int64_t>(IpVersion::kIpv4);
constexpr auto k6 = static_cast<std::int64_t>(IpVersion::kIpv6);

using Tuple = std::array<std::uint32_t, 9>;

// Tuples of 12 or 36 bytes in network order, and what they must hash to.
struct Tuples {
  explicit Tuples(const benchmark::State& state) {
    const auto version = static_cast<IpVersion>(state.range(0));
    for (std::uint32_t n = 0; n < kFlows; ++n) {
      const ToeplitzInput input(BenchFlow(n, version));
      std::memcpy(tuples[n].data(), input.bytes.data(), input.size);
      expected[n] = ToeplitzScalar(kMicrosoftKey, input.span());
    }
  }
  // As rte_softrss() wants them.
  void ToHostOrder() {
    for (Tuple& tuple : tuples) {
      for (std::uint32_t& word : tuple) word = __builtin_bswap32(word);
    }
  }

  std::array<Tuple, kFlows> tuples{};
  std::array<std::uint32_t, kFlows> expected{};
};

// `hash` turns a tuple into its hash. Lengths are constants to all of DPDK's
// functions: known to the compiler, GFNI's take a quarter of the time.
template <class Hash>
void EachTuple(benchmark::State& state, Tuples& tuples, Hash&& hash) {
  for (std::size_t i = 0; i < kFlows; ++i) {
    if (hash(tuples.tuples[i]) != tuples.expected[i]) {
      state.SkipWithError("DPDK and we disagree about a hash");
      return;
    }
  }
  BatchTimer timer(state, kFlows);
  for (auto _ : state) {
    timer([&] {
      for (Tuple& tuple : tuples.tuples) benchmark::DoNotOptimize(hash(tuple));
    });
  }
  timer.Report();
}

template <std::uint32_t kBytes>
void SoftRss(benchmark::State& state) {
  Tuples tuples(state);
  tuples.ToHostOrder();
  EachTuple(state, tuples, [&](Tuple& tuple) {
    return rte_softrss(tuple.data(), kBytes / 4, kMicrosoftKey.data());
  });
}

template <std::uint32_t kBytes>
void SoftRssBe(benchmark::State& state) {
  Tuples tuples(state);
  tuples.ToHostOrder();
  alignas(4) ToeplitzKey key = kMicrosoftKey;
  std::array<std::uint32_t, kToeplitzKeyBytes / 4> words;
  std::memcpy(words.data(), key.data(), key.size());
  rte_convert_rss_key(words.data(), words.data(), kToeplitzKeyBytes);
  std::memcpy(key.data(), words.data(), key.size());
  EachTuple(state, tuples, [&](Tuple& tuple) {
    return rte_softrss_be(tuple.data(), kBytes / 4, key.data());
  });
}

#ifdef RTE_THASH_GFNI_DEFINED
std::array<std::uint64_t, kToeplitzKeyBytes> Matrices() {
  std::array<std::uint64_t, kToeplitzKeyBytes> matrices;
  rte_thash_complete_matrix(matrices.data(), kMicrosoftKey.data(),
                            kToeplitzKeyBytes);
  return matrices;
}

template <std::uint32_t kBytes>
void ThashGfni(benchmark::State& state) {
  Tuples tuples(state);
  const auto matrices = Matrices();
  EachTuple(state, tuples, [&](Tuple& tuple) {
    return rte_thash_gfni(matrices.data(),
                          reinterpret_cast<std::uint8_t*>(tuple.data()),
                          int{kBytes});
  });
}

template <std::uint32_t kBytes>
void ThashGfniBulk(benchmark::State& state) {
  Tuples tuples(state);
  const auto matrices = Matrices();
  std::array<std::uint8_t*, kFlows> pointers;
  for (std::size_t i = 0; i < kFlows; ++i) {
    pointers[i] = reinterpret_cast<std::uint8_t*>(tuples.tuples[i].data());
  }
  std::array<std::uint32_t, kBatch> hashes;
  BatchTimer timer(state, kFlows);
  for (auto _ : state) {
    timer([&] {
      for (std::size_t first = 0; first < kFlows; first += kBatch) {
        rte_thash_gfni_bulk(matrices.data(), int{kBytes}, &pointers[first],
                            hashes.data(), kBatch);
        benchmark::DoNotOptimize(hashes);
      }
    });
  }
  timer.Report();
}

BENCHMARK(ThashGfni<12>)->Name("dpdk/ThashGfni")->Arg(k4)->UseManualTime();
BENCHMARK(ThashGfni<36>)->Name("dpdk/ThashGfni")->Arg(k6)->UseManualTime();
BENCHMARK(ThashGfniBulk<12>)
    ->Name("dpdk/ThashGfniBulk")
    ->Arg(k4)
    ->UseManualTime();
BENCHMARK(ThashGfniBulk<36>)
    ->Name("dpdk/ThashGfniBulk")
    ->Arg(k6)
    ->UseManualTime();
#endif

BENCHMARK(SoftRss<12>)->Name("dpdk/SoftRss")->Arg(k4)->UseManualTime();
BENCHMARK(SoftRss<36>)->Name("dpdk/SoftRss")->Arg(k6)->UseManualTime();
BENCHMARK(SoftRssBe<12>)->Name("dpdk/SoftRssBe")->Arg(k4)->UseManualTime();
BENCHMARK(SoftRssBe<36>)->Name("dpdk/SoftRssBe")->Arg(k6)->UseManualTime();

}  // namespace
}  // namespace lb::dataplane
