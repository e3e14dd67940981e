// Which connection sends the next packet: a population that stays the same
// size while its members come and go. A pure function of its options: the same
// seed gives the same sequence on every run. One thread.
#ifndef LB_DATAPLANE_IO_TRAFFIC_MODEL_H_
#define LB_DATAPLANE_IO_TRAFFIC_MODEL_H_

#include <cstdint>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "common/flow_key.h"

namespace lb::dataplane {

struct TrafficOptions {
  std::uint64_t seed = 1;
  // Alive at any time, elephants included.
  std::uint32_t connections = 1'000;
  // The k-th place's share of the packets is in proportion to 1 / k^zipf.
  double zipf = 1.0;
  // Shape of the Pareto distribution of connections' sizes in packets; above 1,
  // and the nearer to 1, the heavier its tail.
  double pareto = 1.5;
  // New connections a second, on average: sizes are scaled so that as many are
  // spent. 0: no connection ever ends.
  double arrivals = 0;
  // The first `elephants` connections never end and send `share` of all
  // packets, in equal parts.
  std::uint32_t elephants = 0;
  double share = 0.5;
  // Packets a second, evenly spaced; 0: as fast as they are read, `arrivals`
  // then counting a second as kUnpacedRate packets.
  double rate = 0;
  std::uint64_t packets = 0;  // 0: for ever
  std::uint32_t bytes = 128;  // of a frame
};
inline constexpr double kUnpacedRate = 1'000'000;

// INVALID_ARGUMENT, naming the option, its value and its range.
absl::Status ValidateTraffic(const TrafficOptions& options);

class TrafficModel {
 public:
  // `options` are valid.
  explicit TrafficModel(const TrafficOptions& options);

  // The next packet's flow, in the direction it is sent.
  FlowKey Next();

  // Connections that took a spent one's place so far.
  std::uint64_t arrived() const { return arrived_; }

 private:
  // A place in the ranking and the connection that has it now.
  struct Place {
    FlowKey key;  // from client to server
    std::uint64_t packets_left = 0;
  };
  // Walker's alias method in Vose's form (1991): a place by its share in O(1).
  struct Alias {
    double keep = 1;
    std::uint32_t other = 0;
  };

  std::vector<double> Shares() const;
  void BuildAliases();
  double Uniform();  // in [0, 1)
  std::uint32_t PickPlace();
  FlowKey NewKey();
  std::uint64_t NewSize();

  const TrafficOptions options_;
  std::mt19937_64 random_;
  double smallest_size_ = 0;  // Pareto's scale; 0: endless connections
  std::vector<Place> places_;
  std::vector<Alias> aliases_;
  std::uint64_t arrived_ = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_TRAFFIC_MODEL_H_
