// The engine that most tests run: so small that its limits are soon reached,
// and on no CPU of its own.
#ifndef LB_TESTS_DATAPLANE_SMALL_ENGINE_H_
#define LB_TESTS_DATAPLANE_SMALL_ENGINE_H_

#include <cstdint>

#include "dataplane/engine/engine.h"

namespace lb::dataplane {

// Sources and a handler are for the test to add.
inline EngineOptions SmallEngine(std::uint32_t buckets = 64,
                                 std::size_t processors = 4) {
  EngineOptions options;
  options.buckets = buckets;
  options.key.assign(16, 7);
  options.processors.assign(processors, {0, 1'000});
  options.pin = false;
  options.pool_packets = 1'024;
  options.ring_packets = 64;
  options.max_connections = 10'000;
  return options;
}

}  // namespace lb::dataplane

#endif  // LB_TESTS_DATAPLANE_SMALL_ENGINE_H_
