#include "tests/balance/reference_hosts.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <numeric>
#include <sstream>
#include <stdexcept>

namespace lb::balance {
namespace {

// Heaviest buckets that are looked at one by one.
constexpr std::size_t kHeavy = 8;

Snapshot ReadSnapshot(std::istringstream& line) {
  Snapshot s;
  std::size_t processors = 0;
  line >> processors;
  s.processors.resize(processors);
  for (std::uint64_t load = 0; line >> load;) {
    const auto owner =
        static_cast<std::uint16_t>(s.buckets.size() % processors);
    s.buckets.push_back({.owner = ProcessorId(owner), .load_ns_per_s = load});
  }
  return s;
}

// Loads, heaviest first.
using Loads = std::vector<double>;

double Sum(const Loads& loads) {
  return std::accumulate(loads.begin(), loads.end(), 0.0);
}

std::size_t Need(const Loads& loads, double surplus) {
  std::size_t count = 0;
  while (surplus > 0 && count < loads.size()) surplus -= loads[count++];
  return count;
}

Loads Without(Loads loads, double load) {
  loads.erase(std::find(loads.begin(), loads.end(), load));
  return loads;
}

}  // namespace

std::vector<ReferenceHost> ReadReferenceHosts() {
  std::ifstream hosts(LB_PLANNER_HOSTS);
  std::ifstream table(LB_SOURCE_DIR "/tests/data/planner_reference.tsv");
  std::vector<ReferenceHost> result;
  for (std::string row; std::getline(table, row);) {
    if (row.starts_with('#') || row.starts_with("name")) continue;
    ReferenceHost host;
    std::istringstream(row) >> host.name >> host.bound >> host.before >>
        host.after >> host.moves >> host.solve_us;
    std::string line;
    std::string name;
    std::getline(hosts, line);
    std::istringstream fields(line);
    fields >> name;
    if (name.empty() || name != host.name) {
      throw std::runtime_error("no host " + host.name + " in its place");
    }
    host.snapshot = ReadSnapshot(fields);
    result.push_back(std::move(host));
  }
  return result;
}

PlanRequest SameTarget(const ReferenceHost& host) {
  PlanRequest request;
  request.target_imbalance_ppb =
      static_cast<std::uint64_t>(host.after * 1e9 + 50'000.5);
  return request;
}

PlanRequest CloseTarget() { return {.target_permille = 1'010}; }

std::size_t FewestMoves(const Snapshot& s, const PlanRequest& request) {
  std::vector<Loads> own(s.processors.size());
  double total = 0;
  Loads heavy;
  for (const BucketState& bucket : s.buckets) {
    const auto load = static_cast<double>(bucket.load_ns_per_s);
    own[bucket.owner.index()].push_back(load);
    heavy.push_back(load);
    total += load;
  }
  for (Loads& loads : own)
    std::sort(loads.begin(), loads.end(), std::greater());
  std::sort(heavy.begin(), heavy.end(), std::greater());
  const double mean = total / static_cast<double>(own.size());
  const double level =
      request.target_imbalance_ppb
          ? std::max(
                static_cast<double>(*request.target_imbalance_ppb) / 1e9 * mean,
                heavy[0])
          : request.target_permille / 1e3 * std::max(mean, heavy[0]);
  std::vector<std::size_t> need;
  for (const Loads& loads : own)
    need.push_back(Need(loads, Sum(loads) - level));
  const std::size_t all =
      std::accumulate(need.begin(), need.end(), std::size_t{0});
  std::size_t fewest = all;
  for (std::size_t h = 0; h < std::min(kHeavy, heavy.size()); ++h) {
    std::size_t home = 0;
    while (std::find(own[home].begin(), own[home].end(), heavy[h]) ==
           own[home].end()) {
      ++home;
    }
    const Loads rest = Without(own[home], heavy[h]);
    const double at_home = Sum(own[home]) - level;
    std::size_t least = all - need[home] + Need(rest, at_home);
    for (std::size_t to = 0; to < own.size(); ++to) {
      if (to == home) continue;
      least =
          std::min(least, 1 + all - need[home] - need[to] +
                              Need(rest, at_home - heavy[h]) +
                              Need(own[to], Sum(own[to]) + heavy[h] - level));
    }
    fewest = std::max(fewest, least);
  }
  return fewest;
}

}  // namespace lb::balance
