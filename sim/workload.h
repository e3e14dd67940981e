// What arrives at a simulated host, in order of time: a seam with two
// implementations, connections by chance and a recorded capture. What arrives
// does not depend on what the host does with it: equal seeds give every planner
// the same packets. One thread.
#ifndef LB_SIM_WORKLOAD_H_
#define LB_SIM_WORKLOAD_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "common/ids.h"
#include "sim/connection_book.h"
#include "sim/random.h"
#include "sim/scenario.h"

namespace lb::sim {

struct Arrival {
  std::int64_t time_ns = 0;
  ConnectionIndex connection = kNoConnection;
  std::uint32_t service_ns = 0;  // of a whole CPU
};

// What the next packet takes, at least 1 ns.
std::uint32_t DrawServiceNs(const Scenario& scenario, Random& random);

class Workload {
 public:
  virtual ~Workload() = default;

  // Connections open at a time, at most.
  virtual std::size_t open() const = 0;

  // Opens the first connections; once, before Next(). `connections` outlives
  // the workload.
  virtual void Start(ConnectionBook& connections) = 0;

  // The next packet; opens and closes the connections that come and go before.
  // Times never decrease. Past the scenario's end it may go on or give a time
  // beyond everything.
  virtual Arrival Next() = 0;

  // The bucket of the connection that sends most.
  virtual BucketId HeaviestBucket() const = 0;
};

// The scenario's capture. Errors as dataplane::Capture::Load(), and
// INVALID_ARGUMENT for one without a packet that can be parsed.
absl::StatusOr<std::unique_ptr<Workload>> MakeCaptureWorkload(
    const Scenario& scenario, std::uint64_t seed);

// That, or connections by chance where the scenario names no capture.
absl::StatusOr<std::unique_ptr<Workload>> MakeWorkload(const Scenario& scenario,
                                                       std::uint64_t seed);

}  // namespace lb::sim

#endif  // LB_SIM_WORKLOAD_H_
