#include "dataplane/io/traffic_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "absl/strings/str_format.h"
#include "common/status.h"
#include "dataplane/core/ip_header.h"

namespace lb::dataplane {
namespace {

constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();
constexpr double kMaxSize = 1e18;
constexpr double kIpv6Share = 0.25;
constexpr double kUdpShare = 0.25;

absl::Status CheckRange(std::string_view name, double value, double least,
                        double most) {
  // Written so that NaN is out of range.
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s is %.10g; use %.10g to %.10g", ToAbsl(name), value, least, most));
}

// Share of the packets that belong to connections that end.
double MortalShare(const TrafficOptions& options) {
  if (options.elephants == 0) return 1;
  return options.elephants == options.connections ? 0 : 1 - options.share;
}

// Mean packets of a connection for `arrivals` to come true.
double MeanSize(const TrafficOptions& options) {
  const double rate = options.rate > 0 ? options.rate : kUnpacedRate;
  return rate * MortalShare(options) / options.arrivals;
}

}  // namespace

absl::Status ValidateTraffic(const TrafficOptions& options) {
  LB_RETURN_IF_ERROR(
      CheckRange("connections", options.connections, 1, 1'000'000));
  LB_RETURN_IF_ERROR(CheckRange("zipf", options.zipf, 0, 10));
  LB_RETURN_IF_ERROR(CheckRange("pareto", options.pareto, 1.01, 100));
  LB_RETURN_IF_ERROR(CheckRange("arrivals", options.arrivals, 0, 10'000'000));
  LB_RETURN_IF_ERROR(
      CheckRange("elephants", options.elephants, 0, options.connections));
  LB_RETURN_IF_ERROR(CheckRange("share", options.share, 0, 1));
  LB_RETURN_IF_ERROR(CheckRange("rate", options.rate, 0, 100'000'000));
  // The longest headers written are Ethernet, IPv6 and TCP: 74 bytes.
  LB_RETURN_IF_ERROR(CheckRange("bytes", options.bytes, 74, 1'514));
  if (options.arrivals > 0 && MeanSize(options) < 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "arrivals is %.10g a second, more than the %.10g packets a second for "
        "them; use fewer arrivals or a higher rate",
        options.arrivals, MeanSize(options) * options.arrivals));
  }
  return absl::OkStatus();
}

TrafficModel::TrafficModel(const TrafficOptions& options)
    : options_(options), random_(options.seed) {
  if (options.arrivals > 0) {
    // The mean of a Pareto distribution is its scale times shape/(shape - 1).
    smallest_size_ = MeanSize(options) * (options.pareto - 1) / options.pareto;
  }
  BuildAliases();
  places_.resize(options.connections);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    places_[i].key = NewKey();
    places_[i].packets_left = i < options.elephants ? kEndless : NewSize();
  }
}

std::vector<double> TrafficModel::Shares() const {
  std::vector<double> shares(options_.connections);
  double sum = 0;
  for (std::size_t i = options_.elephants; i < shares.size(); ++i) {
    const auto rank = static_cast<double>(i - options_.elephants + 1);
    shares[i] = std::pow(rank, -options_.zipf);
    sum += shares[i];
  }
  const double mortal = MortalShare(options_);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    shares[i] = i < options_.elephants ? (1 - mortal) / options_.elephants
                                       : shares[i] / sum * mortal;
  }
  return shares;
}

void TrafficModel::BuildAliases() {
  const std::vector<double> shares = Shares();
  const std::size_t n = shares.size();
  aliases_.resize(n);
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  for (std::uint32_t i = 0; i < n; ++i) {
    aliases_[i] = {shares[i] * static_cast<double>(n), i};
    (aliases_[i].keep < 1 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t less = small.back();
    const std::uint32_t more = large.back();
    small.pop_back();
    aliases_[less].other = more;
    aliases_[more].keep -= 1 - aliases_[less].keep;
    if (aliases_[more].keep < 1) {
      large.pop_back();
      small.push_back(more);
    }
  }
  // What is left is 1 but for rounding.
  for (const std::uint32_t i : small) aliases_[i].keep = 1;
}

double TrafficModel::Uniform() {
  return static_cast<double>(random_() >> 11) * 0x1p-53;
}

std::uint32_t TrafficModel::PickPlace() {
  const double place = Uniform() * static_cast<double>(aliases_.size());
  const auto i = static_cast<std::uint32_t>(place);
  return place - i < aliases_[i].keep ? i : aliases_[i].other;
}

// Clients in 10.0.0.0/8 and 2001:db8::/64, servers in 198.18.0.0/15, the
// benchmarking range of RFC 2544, and 2001:db8:1::/64.
FlowKey TrafficModel::NewKey() {
  FlowKey key;
  const std::uint64_t bits = random_();
  const auto byte = [bits](int i) {
    return static_cast<std::uint8_t>(bits >> (8 * i));
  };
  if (Uniform() < kIpv6Share) {
    key.version = IpVersion::kIpv6;
    key.source = {0x20, 1, 0xd, 0xb8};
    key.destination = {0x20, 1, 0xd, 0xb8, 0, 1};
    for (std::size_t i = 0; i < 4; ++i) {
      key.source[12 + i] = byte(static_cast<int>(i));
    }
    key.destination[15] = byte(4);
  } else {
    key.version = IpVersion::kIpv4;
    key.source = {10, byte(0), byte(1), byte(2)};
    key.destination = {198, 18, 0, byte(4)};
  }
  const bool udp = Uniform() < kUdpShare;
  key.protocol = udp ? kUdp : kTcp;
  // Linux's ephemeral ports.
  key.source_port = static_cast<std::uint16_t>(32'768 + (bits >> 40) % 28'232);
  key.destination_port = udp ? 53 : 443;
  return key;
}

std::uint64_t TrafficModel::NewSize() {
  if (smallest_size_ <= 0) return kEndless;
  const double size =
      smallest_size_ * std::pow(1 - Uniform(), -1 / options_.pareto);
  // Rounded up or down by chance, so that the mean stays.
  return std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::min(size, kMaxSize) + Uniform()));
}

FlowKey TrafficModel::Next() {
  const std::uint32_t i = PickPlace();
  Place& place = places_[i];
  const bool reply = (random_() & 1) != 0;
  const FlowKey key = reply ? Reversed(place.key) : place.key;
  if (place.packets_left != kEndless && --place.packets_left == 0) {
    place = {NewKey(), NewSize()};
    ++arrived_;
  }
  return key;
}

}  // namespace lb::dataplane
