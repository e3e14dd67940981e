// The user-space data plane: dispatchers, processors with their worker and
// timer threads, and the moves between them.
#ifndef LB_DATAPLANE_ENGINE_ENGINE_H_
#define LB_DATAPLANE_ENGINE_ENGINE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/counters.h"
#include "dataplane/core/packet_handler.h"
#include "dataplane/core/packet_sink.h"
#include "dataplane/core/packet_source.h"
#include "dataplane/dataplane.h"

namespace lb::dataplane {

struct EngineOptions {
  std::uint32_t buckets = kDefaultBuckets;
  HashKind hash = HashKind::kSipHash;
  // 16 bytes for SipHash, 40 for Toeplitz.
  std::vector<std::uint8_t> key;
  std::vector<ProcessorLayout> processors;
  // Table to start with; empty: dealt round robin.
  std::optional<Table> table;
  // One dispatcher each; 1 to kMaxDispatchers.
  std::vector<std::unique_ptr<PacketSource>> sources;
  PacketHandlerFactory handler;
  // Where packets go that the handler sends: none, one for all sources, or one
  // for each (null: nowhere). What cannot be sent is counted.
  std::vector<std::unique_ptr<PacketSink>> sinks;
  // Packet buffers of each dispatcher; rounded up to a power of two.
  std::uint32_t pool_packets = 16'384;
  // Slots of each (dispatcher, processor) ring; a power of two.
  std::uint32_t ring_packets = 2'048;
  std::uint32_t max_connections = 1'048'576;
  std::chrono::milliseconds idle_timeout{60'000};
  // Of the fair queue, until SetFairQueue(); 1 us to 100 ms.
  std::chrono::microseconds quantum = kDefaultQuantum;
  // A processor that completes no turn for so long although work waits is taken
  // over; positive, and much longer than any packet takes.
  std::chrono::microseconds stall_limit{1'000'000};
  // Spin briefly before sleeping; wrong where processors share CPUs.
  bool spin = false;
  // Pin each processor's threads to its CPU.
  bool pin = true;
};

// Totals that only matter once a run is over; see Engine::Summary().
struct ProcessorSummary {
  std::uint64_t packets = 0;
  std::chrono::nanoseconds busy{0};
};
struct EngineSummary {
  Counters counters;
  std::array<std::uint64_t, kParseResults> parse{};  // by ParseResult
  std::uint64_t connections = 0;  // ever made, both directions one
  std::uint64_t connections_open = 0;
  // Dropped by takeovers; their packets are in `counters`.
  std::uint64_t connections_taken_over = 0;
  std::uint64_t timers_taken_over = 0;
  // Packet buffers and connection records that are neither free nor in use.
  // Always 0; anything else is a bug.
  std::uint64_t packets_leaked = 0;
  std::uint64_t connections_leaked = 0;
  std::vector<ProcessorSummary> processors;
  // Served, by bucket; also by a handler that was taken over from meanwhile.
  std::vector<std::uint64_t> bucket_packets;
};

// Threads: Create, Start, Stop and the destructor on one thread; the rest as
// Dataplane says.
class Engine : public Dataplane {
 public:
  // Names a key in tables without showing it. INVALID_ARGUMENT if its length
  // does not fit.
  static absl::StatusOr<std::string> KeyId(
      HashKind hash, const std::vector<std::uint8_t>& key);

  // Allocates everything; starts nothing. INVALID_ARGUMENT names the option
  // that is out of range or does not fit the others.
  static absl::StatusOr<std::unique_ptr<Engine>> Create(EngineOptions options);

  virtual void Start() = 0;

  // Blocks until every source is exhausted and every packet served or dropped
  // and, where the handler wants it, sent, or Stop() was called from another
  // thread. Returns the first error that ended a source early or kept a sink
  // from taking packets.
  virtual absl::Status WaitUntilDone() = 0;

  // Ends all threads; packets still queued stay counted as queued. A thread
  // cannot be ended from outside: where a handler hangs, this blocks until the
  // handler returns. May be called twice.
  virtual void Stop() = 0;

  // Exact after Stop(); must not be called before.
  virtual EngineSummary Summary() const = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_ENGINE_H_
