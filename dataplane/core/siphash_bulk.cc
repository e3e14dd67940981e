#include "dataplane/core/siphash_bulk.h"

#include <array>
#include <cstddef>

#if defined(__x86_64__)
#if !defined(__clang__)
// Raised falsely inside GCC 12's intrinsics (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#endif

namespace lb::dataplane {
namespace {

void OneByOne(const SipKey& key, std::span<const FlowKey* const> flows,
              std::span<std::uint32_t> hashes) {
  for (std::size_t i = 0; i < flows.size(); ++i) {
    hashes[i] = SipHashFlow(key, *flows[i]);
  }
}

#if defined(__x86_64__)

constexpr std::size_t kLanes = 8;

// clang-format off
#define LB_TARGET_AVX512 __attribute__((target("avx512f,avx512vl"), always_inline))
// clang-format on

// SipState<1, 3> for eight inputs.
struct SipLanes {
  LB_TARGET_AVX512 explicit SipLanes(const SipKey& key)
      : v0(_mm512_set1_epi64(
            static_cast<long long>(key.k0 ^ 0x736f6d6570736575))),
        v1(_mm512_set1_epi64(
            static_cast<long long>(key.k1 ^ 0x646f72616e646f6d))),
        v2(_mm512_set1_epi64(
            static_cast<long long>(key.k0 ^ 0x6c7967656e657261))),
        v3(_mm512_set1_epi64(
            static_cast<long long>(key.k1 ^ 0x7465646279746573))) {}

  LB_TARGET_AVX512 void Round() {
    v0 = _mm512_add_epi64(v0, v1);
    v2 = _mm512_add_epi64(v2, v3);
    v1 = _mm512_xor_si512(_mm512_rol_epi64(v1, 13), v0);
    v3 = _mm512_xor_si512(_mm512_rol_epi64(v3, 16), v2);
    v0 = _mm512_rol_epi64(v0, 32);
    v2 = _mm512_add_epi64(v2, v1);
    v0 = _mm512_add_epi64(v0, v3);
    v1 = _mm512_xor_si512(_mm512_rol_epi64(v1, 17), v2);
    v3 = _mm512_xor_si512(_mm512_rol_epi64(v3, 21), v0);
    v2 = _mm512_rol_epi64(v2, 32);
  }

  LB_TARGET_AVX512 void Add(__m512i word) {
    v3 = _mm512_xor_si512(v3, word);
    Round();
    v0 = _mm512_xor_si512(v0, word);
  }

  LB_TARGET_AVX512 __m256i Finish(__m512i last) {
    Add(last);
    v2 = _mm512_xor_si512(v2, _mm512_set1_epi64(0xff));
    Round();
    Round();
    Round();
    return _mm512_cvtepi64_epi32(
        _mm512_xor_si512(_mm512_xor_si512(v0, v1), _mm512_xor_si512(v2, v3)));
  }

  __m512i v0, v1, v2, v3;
};

// The words of eight inputs of `kWords` x 8 + 4 bytes; the last holds the ports
// and the length.
template <std::size_t kWords>
struct alignas(64) SipInput {
  std::array<std::array<std::uint64_t, kLanes>, kWords + 1> words;
};

template <std::size_t kWords>
void GatherWords(const FlowKey* const* flows, SipInput<kWords>& input) {
  for (std::size_t i = 0; i < kLanes; ++i) {
    const FlowKey& flow = *flows[i];
    for (std::size_t word = 0; word < kWords; ++word) {
      // Half of the words are the source's: of IPv4, half of the only word.
      constexpr std::size_t kBytes = kWords * 4;
      std::array<std::uint8_t, 2 * kBytes> both;
      std::memcpy(both.data(), flow.source.data(), kBytes);
      std::memcpy(both.data() + kBytes, flow.destination.data(), kBytes);
      std::memcpy(&input.words[word][i], &both[8 * word], 8);
    }
    input.words[kWords][i] = SipPorts(flow) | std::uint64_t{kWords * 8 + 4}
                                                  << 56;
  }
}

template <std::size_t kWords>
__attribute__((target("avx512f,avx512vl"))) void HashLanes(
    const SipKey& key, const FlowKey* const* flows, std::uint32_t* hashes) {
  SipInput<kWords> input;
  GatherWords(flows, input);
  SipLanes lanes(key);
  for (std::size_t word = 0; word < kWords; ++word) {
    lanes.Add(_mm512_load_si512(input.words[word].data()));
  }
  _mm256_storeu_si256(
      reinterpret_cast<__m256i*>(hashes),
      lanes.Finish(_mm512_load_si512(input.words[kWords].data())));
}

bool HasAvx512() {
  static const bool has = __builtin_cpu_supports("avx512f") != 0 &&
                          __builtin_cpu_supports("avx512vl") != 0;
  return has;
}

#endif

}  // namespace

void SipHashBulk(const SipKey& key, std::span<const FlowKey* const> flows,
                 std::span<std::uint32_t> hashes) {
#if defined(__x86_64__)
  while (flows.size() >= kLanes && HasAvx512()) {
    std::size_t ipv6 = 0;
    for (std::size_t i = 0; i < kLanes; ++i) {
      ipv6 += flows[i]->version == IpVersion::kIpv6 ? 1 : 0;
    }
    if (ipv6 == 0) {
      HashLanes<1>(key, flows.data(), hashes.data());
    } else if (ipv6 == kLanes) {
      HashLanes<4>(key, flows.data(), hashes.data());
    } else {
      OneByOne(key, flows.first(kLanes), hashes);
    }
    flows = flows.subspan(kLanes);
    hashes = hashes.subspan(kLanes);
  }
#endif
  OneByOne(key, flows, hashes);
}

}  // namespace lb::dataplane
