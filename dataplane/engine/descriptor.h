// What travels from a dispatcher to a processor: 8 bytes a packet.
#ifndef LB_DATAPLANE_ENGINE_DESCRIPTOR_H_
#define LB_DATAPLANE_ENGINE_DESCRIPTOR_H_

#include <cstdint>

#include "dataplane/core/packet.h"
#include "dataplane/engine/spsc_ring.h"

namespace lb::dataplane {

// The bucket is the hash modulo N; everything else is in the packet itself.
struct Descriptor {
  PacketIndex packet;
  std::uint32_t hash;
};
static_assert(sizeof(Descriptor) == 8);

using DescriptorRing = SpscRing<Descriptor>;

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_DESCRIPTOR_H_
