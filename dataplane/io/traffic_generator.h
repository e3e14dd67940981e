// A source of seeded traffic: whole frames of connections that differ in
// weight, come and go. See PacketSource for the threads.
//
// Spec, after "generate:", any of (defaults: see TrafficOptions)
//   seed=N  connections=N  zipf=X  pareto=X  arrivals=X  elephants=N
//   share=X  rate=X  packets=N  bytes=N
#ifndef LB_DATAPLANE_IO_TRAFFIC_GENERATOR_H_
#define LB_DATAPLANE_IO_TRAFFIC_GENERATOR_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "dataplane/core/packet_source.h"
#include "dataplane/io/pacer.h"
#include "dataplane/io/traffic_model.h"

namespace lb::dataplane {

// Not live: it waits for room, and one that fell behind its rate catches up.
// The frames depend on the options alone, never on when they are read.
class TrafficGenerator final : public PacketSource {
 public:
  // INVALID_ARGUMENT as ValidateTraffic().
  static absl::StatusOr<std::unique_ptr<TrafficGenerator>> Create(
      const TrafficOptions& options, Timing timing = SystemTiming());

  std::size_t Receive(std::span<Packet* const> packets) override;
  bool exhausted() const override;
  absl::Status status() const override { return absl::OkStatus(); }
  bool live() const override { return false; }
  std::uint64_t dropped() const override { return 0; }
  void Wait(std::chrono::nanoseconds limit) override;

 private:
  TrafficGenerator(const TrafficOptions& options, Timing timing);

  std::chrono::nanoseconds NextDue() const;

  const TrafficOptions options_;
  TrafficModel model_;
  Pacer pacer_;
  std::uint64_t sent_ = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_TRAFFIC_GENERATOR_H_
