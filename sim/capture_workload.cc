// A recorded capture as a workload: its packets' times, stretched or squeezed
// evenly to the scenario's load, and its connections, hashed with a key of the
// seed's. Played again and again with the same connections.
#include <array>
#include <limits>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/flow_key.h"
#include "common/int128.h"
#include "common/status.h"
#include "dataplane/core/flow_hash.h"
#include "dataplane/core/parser.h"
#include "dataplane/io/capture.h"
#include "sim/random.h"
#include "sim/workload.h"

namespace lb::sim {
namespace {

constexpr std::uint64_t kKeyStream = 4;
constexpr std::uint64_t kServiceStream = 3;

struct RecordedPacket {
  std::int64_t time_ns = 0;      // since the round's start, as simulated
  std::uint32_t connection = 0;  // in order of appearance
};

struct Recording {
  std::vector<RecordedPacket> packets;
  std::vector<BucketId> buckets;      // by connection
  std::vector<std::uint64_t> counts;  // packets, by connection
};

dataplane::FlowHash HashOf(std::uint64_t seed) {
  Random random(seed, kKeyStream);
  std::array<std::uint8_t, dataplane::kSipKeyBytes> key{};
  for (std::uint8_t& byte : key)
    byte = static_cast<std::uint8_t>(random.Next());
  return *dataplane::FlowHash::Create(HashKind::kSipHash, key);
}

Recording Read(const dataplane::Capture& capture, std::uint32_t buckets,
               std::uint64_t seed) {
  const dataplane::FlowHash hash = HashOf(seed);
  const auto hash_of = [&](const FlowKey& key) {
    return std::size_t{hash(key)};
  };
  std::unordered_map<FlowKey, std::uint32_t, decltype(hash_of)> numbers(
      64, hash_of);
  Recording recording;
  for (const dataplane::Capture::Frame& frame : capture.frames()) {
    const dataplane::Parsed parsed =
        dataplane::ParseFrame(capture.bytes(frame));
    if (parsed.result != dataplane::ParseResult::kOk) continue;
    const FlowKey key = Canonical(parsed.key);
    const auto [entry, added] = numbers.try_emplace(
        key, static_cast<std::uint32_t>(recording.buckets.size()));
    if (added) {
      recording.buckets.push_back(dataplane::BucketOf(hash(key), buckets));
      recording.counts.push_back(0);
    }
    ++recording.counts[entry->second];
    recording.packets.push_back({frame.time.count(), entry->second});
  }
  return recording;
}

class CaptureWorkload final : public Workload {
 public:
  // `round_ns` is what a round of the recording takes as simulated.
  CaptureWorkload(const Scenario& scenario, Recording recording,
                  std::int64_t round_ns, std::uint64_t seed)
      : scenario_(scenario),
        recording_(std::move(recording)),
        round_ns_(round_ns),
        services_(seed, kServiceStream) {}

  std::size_t open() const override { return recording_.buckets.size(); }

  void Start(ConnectionBook& connections) override {
    for (const BucketId bucket : recording_.buckets) {
      connections_.push_back(connections.Open(bucket));
    }
  }

  Arrival Next() override {
    const RecordedPacket& packet = recording_.packets[next_];
    const Arrival arrival{.time_ns = round_start_ns_ + packet.time_ns,
                          .connection = connections_[packet.connection],
                          .service_ns = DrawServiceNs(scenario_, services_)};
    if (++next_ == recording_.packets.size()) {
      next_ = 0;
      round_start_ns_ += round_ns_;
    }
    return arrival;
  }

  BucketId HeaviestBucket() const override {
    std::size_t heaviest = 0;
    for (std::size_t i = 0; i < recording_.counts.size(); ++i) {
      if (recording_.counts[i] > recording_.counts[heaviest]) heaviest = i;
    }
    return recording_.buckets[heaviest];
  }

 private:
  const Scenario scenario_;
  const Recording recording_;
  const std::int64_t round_ns_;
  Random services_;
  std::vector<ConnectionIndex> connections_;
  std::size_t next_ = 0;
  std::int64_t round_start_ns_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Workload>> MakeCaptureWorkload(
    const Scenario& scenario, std::uint64_t seed) {
  LB_ASSIGN_OR_RETURN(const dataplane::Capture capture,
                      dataplane::Capture::Load(scenario.capture));
  Recording recording = Read(capture, scenario.buckets, seed);
  if (recording.packets.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        scenario.capture, " holds no packet of a connection; use another"));
  }
  // A round offers load x processors CPUs.
  const auto packets = static_cast<std::int64_t>(recording.packets.size());
  const std::int64_t service_ns =
      std::chrono::nanoseconds(scenario.service).count();
  const std::int64_t cpus_permille =
      std::int64_t{scenario.load_permille} * scenario.processors;
  const std::int64_t round_ns =
      std::max(packets * service_ns * 1'000 / cpus_permille, std::int64_t{1});
  const std::int64_t recorded_ns =
      std::max(capture.round_time().count(), std::int64_t{1});
  for (RecordedPacket& packet : recording.packets) {
    packet.time_ns = static_cast<std::int64_t>(Int128{packet.time_ns} *
                                               round_ns / recorded_ns);
  }
  return std::make_unique<CaptureWorkload>(scenario, std::move(recording),
                                           round_ns, seed);
}

}  // namespace lb::sim
