// Random flow keys for property tests.
#ifndef LB_TESTS_DATAPLANE_RANDOM_FLOW_H_
#define LB_TESTS_DATAPLANE_RANDOM_FLOW_H_

#include <cstdint>
#include <random>

#include "common/flow_key.h"

namespace lb::dataplane {

inline FlowKey RandomFlow(std::mt19937_64& random, IpVersion version) {
  FlowKey flow;
  flow.version = version;
  flow.protocol = random() % 2 == 0 ? 6 : 17;
  const std::size_t bytes = version == IpVersion::kIpv6 ? 16 : 4;
  for (std::size_t i = 0; i < bytes; ++i) {
    flow.source[i] = static_cast<std::uint8_t>(random());
    flow.destination[i] = static_cast<std::uint8_t>(random());
  }
  flow.source_port = static_cast<std::uint16_t>(random());
  flow.destination_port = static_cast<std::uint16_t>(random());
  return flow;
}

inline FlowKey RandomFlow(std::mt19937_64& random) {
  return RandomFlow(random,
                    random() % 2 == 0 ? IpVersion::kIpv4 : IpVersion::kIpv6);
}

}  // namespace lb::dataplane

#endif  // LB_TESTS_DATAPLANE_RANDOM_FLOW_H_
