#include "common/clock.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace lb {
namespace {

class KernelClock final : public Clock {
 public:
  MonotonicTime Monotonic() const override {
    return std::chrono::steady_clock::now();
  }
  WallTime Wall() const override { return std::chrono::system_clock::now(); }
};

}  // namespace

const Clock& SystemClock() {
  static const KernelClock clock;
  return clock;
}

std::string FormatWallTime(WallTime time) {
  const auto since_epoch =
      std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const std::time_t t = seconds.count();
  std::tm utc{};
  gmtime_r(&t, &utc);
  std::array<char, 32> text{};
  const std::size_t n =
      std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ",
                static_cast<int>((since_epoch - seconds).count()));
  return std::string(text.data(), n) + fraction.data();
}

}  // namespace lb
