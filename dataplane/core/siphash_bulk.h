// SipHash-1-3 of many flows at once, eight to a register of AVX-512 where the
// CPU has it. Pure; any thread. See siphash.h for what is hashed.
#ifndef LB_DATAPLANE_CORE_SIPHASH_BULK_H_
#define LB_DATAPLANE_CORE_SIPHASH_BULK_H_

#include <cstdint>
#include <span>

#include "common/flow_key.h"
#include "dataplane/core/siphash.h"

namespace lb::dataplane {

// SipHashIpv6() of IPv6 flows, SipHashIpv4() of all others.
inline std::uint32_t SipHashFlow(const SipKey& key, const FlowKey& flow) {
  return flow.version == IpVersion::kIpv6 ? SipHashIpv6(key, flow)
                                          : SipHashIpv4(key, flow);
}

// hashes[i] is SipHashFlow() of *flows[i]; hashes.size() >= flows.size().
void SipHashBulk(const SipKey& key, std::span<const FlowKey* const> flows,
                 std::span<std::uint32_t> hashes);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_SIPHASH_BULK_H_
