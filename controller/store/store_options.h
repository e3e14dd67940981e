// What the store is to keep, and where.
#ifndef LB_CONTROLLER_STORE_STORE_OPTIONS_H_
#define LB_CONTROLLER_STORE_STORE_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <string>

namespace lb::controller {

// How long what plans and decisions rest on is kept: what is older goes, and
// the oldest while there is more.
struct InputLimits {
  std::chrono::seconds age = std::chrono::hours(24) * 90;
  std::uint64_t bytes = std::uint64_t{20} << 30;
};

struct StoreOptions {
  std::string directory{};
  // A telemetry.db that cannot be used is renamed and a new one begun, instead
  // of the start being refused.
  bool set_aside_telemetry = false;
  // Beyond, the oldest telemetry goes.
  std::uint64_t telemetry_limit_bytes = std::uint64_t{10} << 30;
  InputLimits inputs{};
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_STORE_OPTIONS_H_
