// Toeplitz hashing with GFNI and AVX-512 VBMI, chosen at run time. Pure; any
// thread. See toeplitz.h, which is what to use.
#ifndef LB_DATAPLANE_CORE_TOEPLITZ_GFNI_H_
#define LB_DATAPLANE_CORE_TOEPLITZ_GFNI_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/flow_key.h"

namespace lb::dataplane {

inline constexpr std::size_t kToeplitzKeyBytes = 40;
// What a key of 40 bytes can hash: two IPv6 addresses and two ports.
inline constexpr std::size_t kToeplitzInputBytes = 36;

using ToeplitzKey = std::array<std::uint8_t, kToeplitzKeyBytes>;

// Whether this CPU, and its operating system, can run ToeplitzMatrices::Bulk.
bool GfniAvailable();

// Output byte j of the hash is the sum over input bytes i of T[i + j] x[i],
// where T[k] is the 8 by 8 bit matrix whose columns are the key's bits from 8k
// on. One 64-bit lane per k holds T[k] and is multiplied by the input bytes
// x[k], x[k - 1], x[k - 2] and x[k - 3]; the xor of all lanes is the hash.
class ToeplitzMatrices {
 public:
  explicit ToeplitzMatrices(const ToeplitzKey& key);

  // hashes[i] is the hash of *flows[i]; hashes.size() >= flows.size(). Only
  // where GfniAvailable().
  void Bulk(std::span<const FlowKey* const> flows,
            std::span<std::uint32_t> hashes) const;

 private:
  // 36 input bytes reach over 39 lanes; 5 registers of 8.
  alignas(64) std::array<std::uint64_t, 40> lanes_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_TOEPLITZ_GFNI_H_
