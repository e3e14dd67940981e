// Connections by chance. The packets of one source, a set of connections whose
// rates rise and fall together, are a Poisson process of which each packet
// belongs to a connection with the probability of that connection's share: the
// same as a Poisson process for each, in constant time a packet. A connection
// that ends is followed by one of the same rate in another bucket, so that the
// load stays the same on average. One thread.
#ifndef LB_SIM_RANDOM_WORKLOAD_H_
#define LB_SIM_RANDOM_WORKLOAD_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "sim/alias_table.h"
#include "sim/random.h"
#include "sim/workload.h"

namespace lb::sim {

class RandomWorkload final : public Workload {
 public:
  // `scenario` is valid.
  RandomWorkload(const Scenario& scenario, std::uint64_t seed);

  std::size_t open() const override { return open_; }
  void Start(ConnectionBook& connections) override;
  Arrival Next() override;
  BucketId HeaviestBucket() const override;

 private:
  static constexpr std::int64_t kNever =
      std::numeric_limits<std::int64_t>::max();

  // Which buckets a source's connections are in.
  enum class Parity : std::uint8_t { kAny, kEven, kOdd };

  struct Source {
    Source(std::vector<double> weights, Random random_numbers)
        : table(weights), random(random_numbers) {}
    AliasTable table;
    Random random;                             // of arrivals
    std::vector<ConnectionIndex> connections;  // by weight
    std::size_t immortal = 0;                  // of the first connections
    Parity parity = Parity::kAny;
    bool lasting = true;  // not a flash crowd
    double rate = 0;      // packets a second, on average
    double mean_gap_ns = 0;
    std::int64_t next_ns = kNever;
    std::int64_t next_end_ns = kNever;  // of a connection
    std::int64_t opens_ns = 0;
    std::int64_t closes_ns = kNever;
  };

  void Open(Source& source, std::int64_t now_ns);
  void Close(Source& source);
  BucketId DrawBucket(const Source& source);
  // The source's rate is `factor` times its mean from now on.
  void SetRate(Source& source, double factor, std::int64_t now_ns);
  void ScheduleArrival(Source& source, std::int64_t now_ns);
  void ScheduleEnd(Source& source, std::int64_t now_ns);
  void ReplaceConnection(Source& source);
  // The next time at which something else than an arrival happens.
  void FindBarrier();
  void PassBarrier();
  Source& Earliest();

  const Scenario scenario_;
  const double per_second_;  // packets that keep one CPU busy
  std::vector<Source> sources_;
  std::size_t open_ = 0;
  Random births_;  // buckets and lifetimes
  Random services_;
  std::uint32_t dealt_ = 0;  // connections placed round robin
  ConnectionBook* connections_ = nullptr;
  std::int64_t barrier_ns_ = 0;
  std::int64_t wave_ns_ = kNever;  // when it turns
  bool even_high_ = true;
};

}  // namespace lb::sim

#endif  // LB_SIM_RANDOM_WORKLOAD_H_
