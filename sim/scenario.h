// What is simulated: a host's processors and traffic, and what happens to
// them. Values; pure. The keys of a scenario file and their units are in
// docs/simulator.md.
#ifndef LB_SIM_SCENARIO_H_
#define LB_SIM_SCENARIO_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace lb::sim {

using Milliseconds = std::chrono::milliseconds;
using Microseconds = std::chrono::microseconds;

// Simulated time is counted in ns from the start.
constexpr std::int64_t Ns(std::chrono::nanoseconds time) {
  return time.count();
}
inline constexpr std::int64_t kSecondNs = Ns(std::chrono::seconds(1));

enum class QueueKind : std::uint8_t { kFair, kFifo };
enum class ServiceTimes : std::uint8_t { kFixed, kExponential };
enum class Rates : std::uint8_t { kEqual, kZipf, kPareto };
enum class Placement : std::uint8_t { kRandom, kRoundRobin };
enum class HappeningKind : std::uint8_t {
  kCapacity,    // the processor gets `permille` of its CPU from now on
  kDrain,       // it is to be emptied and served by others
  kFail,        // it serves nothing any more and is taken over after a second
  kReturn,      // it is back from a drain or a failure, without buckets
  kFlashCrowd,  // more connections come, for a while
};

std::string_view QueueName(QueueKind kind);  // "fair", "fifo"

struct Happening {
  HappeningKind kind = HappeningKind::kCapacity;
  Milliseconds at{0};
  std::uint32_t processor = 0;
  std::uint32_t permille = 0;     // of the CPU; flash crowd: of all CPUs
  std::uint32_t connections = 0;  // flash crowd
  Milliseconds until{0};          // flash crowd
};

struct Scenario {
  std::string name = "unnamed";
  std::uint32_t hosts = 1;  // alike but for their seeds
  std::uint32_t processors = 8;
  std::uint32_t buckets = 1'024;
  Milliseconds duration{120'000};
  Milliseconds ignored{30'000};  // at first; not in latencies and drops

  QueueKind queue = QueueKind::kFair;
  Microseconds quantum{50};
  std::uint32_t buffer_packets = 512;  // per processor
  Microseconds service{50};            // mean, of a whole CPU
  ServiceTimes service_times = ServiceTimes::kFixed;

  std::uint32_t load_permille = 900;  // mean, of all whole CPUs
  std::uint32_t connections = 4'000;
  Rates rates = Rates::kZipf;
  std::uint32_t exponent_permille = 900;  // Zipf's; Pareto's shape
  Placement placement = Placement::kRandom;
  Milliseconds lifetime{0};             // mean, of a connection; 0: for ever
  std::uint32_t elephant_permille = 0;  // the first connection's part, if not 0
  // Buckets with even numbers get (1 + part) of their load for half a period
  // and (1 - part) for the other half; those with odd numbers the reverse.
  Milliseconds wave_period{0};
  std::uint32_t wave_permille = 0;
  // Standard deviation of processors' speeds from one 10 ms sample to the
  // next, and the correlation of neighbouring ones.
  std::uint32_t noise_permille = 0;
  std::uint32_t noise_correlation_permille = 0;
  // A recorded capture in place of connections, played again and again so fast
  // that it makes `load_permille`.
  std::string capture;

  Milliseconds report_delay{10};
  Milliseconds apply_delay{10};
  Microseconds pause{200};  // of a move
  std::vector<Happening> happenings;
};

// INVALID_ARGUMENT, naming the key, its value and its range.
absl::Status ValidateScenario(const Scenario& scenario);

}  // namespace lb::sim

#endif  // LB_SIM_SCENARIO_H_
