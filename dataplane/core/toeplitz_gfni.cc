#include "dataplane/core/toeplitz_gfni.h"

#include <bit>
#include <cstddef>

#if defined(__x86_64__)
#if !defined(__clang__)
// Raised falsely inside GCC 12's intrinsics (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#endif

namespace lb::dataplane {
namespace {

// Row r of the matrix, for output bit 7 - r, takes input bit 7 - c by the key
// bit 8k + r + c. GF2P8AFFINEQB wants row 0 in the highest byte.
std::uint64_t Matrix(const ToeplitzKey& key, std::size_t k) {
  const auto at = [&key](std::size_t byte) -> unsigned {
    return byte < key.size() ? key[byte] : 0;
  };
  const unsigned bits = at(k) << 8 | at(k + 1);
  std::uint64_t matrix = 0;
  for (unsigned row = 0; row < 8; ++row) {
    matrix |= std::uint64_t{bits >> (8 - row) & 0xff} << (8 * row);
  }
  return matrix;
}

}  // namespace

ToeplitzMatrices::ToeplitzMatrices(const ToeplitzKey& key) {
  for (std::size_t k = 0; k < lanes_.size(); ++k) lanes_[k] = Matrix(key, k);
}

#if defined(__x86_64__)

namespace {

// Where the bytes of a FlowKey lie: addresses at 0 and 16, the ports at 32 and
// 34, least significant byte first.
static_assert(offsetof(FlowKey, source) == 0);
static_assert(offsetof(FlowKey, destination) == 16);
static_assert(offsetof(FlowKey, source_port) == 32);
static_assert(offsetof(FlowKey, destination_port) == 34);
static_assert(std::endian::native == std::endian::little);
constexpr __mmask64 kFlowBytes = (1ull << kToeplitzInputBytes) - 1;
constexpr std::uint8_t kZeroByte = 63;  // masked out when the key is loaded

// Which byte of the FlowKey each lane's bytes come from.
template <std::size_t kAddressBytes>
struct Gather {
  static constexpr std::size_t kInput = 2 * kAddressBytes + 4;
  static constexpr std::size_t kRegisters = (kInput + 3 + 7) / 8;

  constexpr Gather() {
    for (std::size_t i = 0; i < index.size(); ++i) {
      const std::size_t lane = i / 8;
      const std::size_t j = i % 8;
      const bool inside = j < 4 && lane >= j && lane - j < kInput;
      index[i] = inside ? Offset(lane - j) : kZeroByte;
    }
  }

  static constexpr std::uint8_t Offset(std::size_t input) {
    constexpr std::uint8_t kPorts[4] = {33, 32, 35, 34};
    if (input >= 2 * kAddressBytes) return kPorts[input - 2 * kAddressBytes];
    return static_cast<std::uint8_t>(
        input < kAddressBytes ? input : 16 + input - kAddressBytes);
  }

  alignas(64) std::array<std::uint8_t, kRegisters * 64> index{};
};

// clang-format off
#define LB_TARGET_GFNI \
  __attribute__((target("gfni,avx512f,avx512bw,avx512vl,avx512vbmi")))
// clang-format on

template <std::size_t kAddressBytes>
LB_TARGET_GFNI inline std::uint32_t Hash(const std::uint64_t* lanes,
                                         const FlowKey& flow) {
  static constexpr Gather<kAddressBytes> kGather;
  const __m512i bytes = _mm512_maskz_loadu_epi8(kFlowBytes, &flow);
  __m512i sum = _mm512_setzero_si512();
  for (std::size_t r = 0; r < kGather.kRegisters; ++r) {
    const __m512i index = _mm512_load_si512(kGather.index.data() + 64 * r);
    const __m512i matrix = _mm512_load_si512(lanes + 8 * r);
    sum = _mm512_xor_si512(
        sum, _mm512_gf2p8affine_epi64_epi8(
                 _mm512_permutexvar_epi8(index, bytes), matrix, 0));
  }
  const __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(sum),
                                        _mm512_extracti64x4_epi64(sum, 1));
  const __m128i quarter = _mm_xor_si128(_mm256_castsi256_si128(half),
                                        _mm256_extracti128_si256(half, 1));
  const std::uint32_t hash = static_cast<std::uint32_t>(
      _mm_extract_epi32(quarter, 0) ^ _mm_extract_epi32(quarter, 2));
  return __builtin_bswap32(hash);  // the first byte is the most significant
}

}  // namespace

bool GfniAvailable() {
  return __builtin_cpu_supports("gfni") != 0 &&
         __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 &&
         __builtin_cpu_supports("avx512vbmi") != 0;
}

LB_TARGET_GFNI void ToeplitzMatrices::Bulk(
    std::span<const FlowKey* const> flows,
    std::span<std::uint32_t> hashes) const {
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const FlowKey& flow = *flows[i];
    hashes[i] = flow.version == IpVersion::kIpv6 ? Hash<16>(lanes_.data(), flow)
                                                 : Hash<4>(lanes_.data(), flow);
  }
}

#else

bool GfniAvailable() { return false; }

void ToeplitzMatrices::Bulk(std::span<const FlowKey* const>,
                            std::span<std::uint32_t>) const {
  __builtin_unreachable();
}

#endif

}  // namespace lb::dataplane
