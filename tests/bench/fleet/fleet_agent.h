// One simulated agent: a host of which every bucket is in use, without packets.
// It connects as agents do, reports, applies what it is sent at once, and comes
// back with full jitter when its stream ends.
#ifndef LB_TESTS_BENCH_FLEET_FLEET_AGENT_H_
#define LB_TESTS_BENCH_FLEET_FLEET_AGENT_H_

#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/table.h"
#include "lb/v1/agent_service.grpc.pb.h"
#include "tests/bench/fleet/fleet_certificates.h"
#include "tests/bench/fleet/fleet_statistics.h"

namespace lb::bench {

using Now = std::chrono::steady_clock::time_point;

struct FleetOptions {
  std::string target;
  const FleetCertificates* certificates = nullptr;  // outlives the agents
  std::uint32_t processors = 16;
  std::uint32_t buckets = 1'024;
  std::chrono::milliseconds interval{1'000};
  // How often another processor gets more load than the others; zero: never.
  std::chrono::milliseconds skew_period{0};
  // Of its buckets, so many, which get 0.4 of a processor's mean load more
  // together; 0: all, which get three times theirs.
  std::uint32_t skewed_buckets = 0;
  bool saturate = false;  // the next report as soon as one has left
};

// Tick() is called by one thread, the rest is gRPC's. Outlives its streams:
// Stop() waits for them.
class FleetAgent {
 public:
  FleetAgent(std::string host, std::uint64_t number,
             const FleetOptions& options, FleetStatistics& statistics);
  ~FleetAgent();
  FleetAgent(const FleetAgent&) = delete;
  FleetAgent& operator=(const FleetAgent&) = delete;

  // Connects, reports and skews as far as it is time; returns when there will
  // next be something to do.
  Now Tick(Now now);
  // Ends the stream; WaitUntilDown() waits for it.
  void Stop();
  void WaitUntilDown();

 private:
  class Stream;

  void Connect(Now now);
  void WriteNext();  // requires the lock
  void QueueReport(Now now);
  void OnWelcome(const v1::Welcome& welcome);
  void OnPlan(const v1::PlanCommand& plan);
  void OnDown();
  grpc::Slice Measured() const;
  void Skew();
  grpc::ByteBuffer MakeHello() const;

  const std::string host_;
  const FleetOptions& options_;
  FleetStatistics& statistics_;
  std::mutex mutex_;
  std::condition_variable down_;
  Layout layout_;
  Table table_;
  std::vector<std::uint64_t> loads_;  // by bucket, ns per second
  std::uint32_t hot_;                 // the processor last skewed
  std::uint64_t seen_term_ = 0;
  std::uint64_t seen_epoch_ = 0;
  std::string store_id_;
  std::unique_ptr<Stream> stream_;  // null: down
  std::unique_ptr<Stream> ended_;   // the one before
  bool welcome_ = false;
  bool writing_ = false;
  bool report_due_ = false;
  bool stopping_ = false;
  std::uint64_t sequence_ = 0;
  std::uint32_t failures_ = 0;  // running
  std::uint64_t random_;
  std::deque<grpc::ByteBuffer> answers_;  // before a report
  grpc::ByteBuffer being_written_;
  // What a report says of processors and buckets, ready to send: the same
  // until loads or table change, so that two CPUs can speak for thousands.
  std::optional<grpc::Slice> measured_;
  Now report_sent_;
  Now next_report_;
  Now next_skew_;
  Now next_attempt_;
};

}  // namespace lb::bench

#endif  // LB_TESTS_BENCH_FLEET_FLEET_AGENT_H_
