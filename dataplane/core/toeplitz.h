// The Toeplitz hash of receive side scaling, bit-exact with the published
// verification data. Pure once built; any thread. Source: Microsoft, "RSS
// hashing functions"; H. Krawczyk, "LFSR-based hashing and authentication",
// 1994.
//
// The hash is linear: every input bit that is set adds (xor) the 32 key bits
// that start at its position. So a byte's contribution can be looked up, and
// it is a product of bit matrices, which GFNI multiplies in hardware.
#ifndef LB_DATAPLANE_CORE_TOEPLITZ_H_
#define LB_DATAPLANE_CORE_TOEPLITZ_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/flow_key.h"
#include "dataplane/core/toeplitz_gfni.h"

namespace lb::dataplane {

// How a Toeplitz computes; all agree bit by bit.
enum class ToeplitzMethod : std::uint8_t {
  kScalar,  // bit by bit: the definition
  kTables,  // a table of 256 entries per input byte; any machine
  kGfni,    // x86 with GFNI and AVX-512 VBMI
};

// The fastest method this machine has; never kScalar.
ToeplitzMethod BestToeplitzMethod();

// The definition. input.size() <= kToeplitzInputBytes.
std::uint32_t ToeplitzScalar(const ToeplitzKey& key,
                             std::span<const std::uint8_t> input);

// True if hashing a flow and its reverse gives the same, for every IPv4 and
// every IPv6 flow.
bool IsSymmetric(const ToeplitzKey& key);

// Source address, destination address, source port, destination port in
// network order: 36 bytes for IPv6, else 12.
struct ToeplitzInput {
  explicit ToeplitzInput(const FlowKey& flow);
  std::span<const std::uint8_t> span() const { return {bytes.data(), size}; }

  std::array<std::uint8_t, kToeplitzInputBytes> bytes;
  std::size_t size;
};

// A key prepared for hashing; about 40 KB.
class Toeplitz {
 public:
  // `method` must be one this machine has.
  Toeplitz(const ToeplitzKey& key, ToeplitzMethod method);

  // hashes[i] is the hash of *flows[i]; hashes.size() >= flows.size().
  void Bulk(std::span<const FlowKey* const> flows,
            std::span<std::uint32_t> hashes) const;

 private:
  // By tables, of a flow with addresses of kAddressBytes.
  template <std::size_t kAddressBytes>
  std::uint32_t Lookup(const FlowKey& flow) const;

  ToeplitzKey key_;
  ToeplitzMethod method_;
  std::array<std::array<std::uint32_t, 256>, kToeplitzInputBytes> tables_;
  ToeplitzMatrices matrices_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_TOEPLITZ_H_
