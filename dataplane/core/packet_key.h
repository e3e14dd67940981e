// From packets' frames to their flow keys, a batch at a time. Pure; any thread.
#ifndef LB_DATAPLANE_CORE_PACKET_KEY_H_
#define LB_DATAPLANE_CORE_PACKET_KEY_H_

#include <cstdint>
#include <span>

#include "dataplane/core/flow_hash.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {

// How a key is kept: one for both directions of a connection (Canonical()), or
// one for each.
enum class KeyForm : std::uint8_t { kCanonical, kAsIs };

// Canonical, unless the hash of the two directions is to differ: a Toeplitz
// key that is not symmetric.
KeyForm KeyFormFor(const FlowHash& hash);

// Writes `parse`, `key` and `reversed` of every packet, as ParseFrame() of what
// was captured says. Most of what comes, TCP or UDP in IP without options,
// extension headers or fragments, behind one VLAN tag at most, is read at known
// offsets and put the right way round without a branch; everything else goes
// through the parser.
void WriteKeys(std::span<Packet* const> packets, KeyForm form);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_PACKET_KEY_H_
