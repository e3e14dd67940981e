// The load planner against exhaustive search on small hosts, and it and the
// baseline against the published solver on the reference hosts.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include "balance/imbalance_index.h"
#include "gtest/gtest.h"
#include "tests/balance/planner_checks.h"
#include "tests/balance/random_snapshot.h"
#include "tests/balance/reference_hosts.h"

namespace lb::balance {
namespace {

constexpr double kRounding = 1e-9;

struct Best {
  double imbalance = 1e300;
  std::size_t moves = 0;
  std::uint64_t connections = 0;
};

// Of all tables: the lowest imbalance, or any within `target`; of those the
// fewest moves, of those the fewest connections moved.
Best SearchEveryTable(const Snapshot& s, double target) {
  const std::size_t processors = s.processors.size();
  std::size_t tables = 1;
  for (std::size_t b = 0; b < s.buckets.size(); ++b) tables *= processors;
  Best best;
  for (std::size_t table = 0; table < tables; ++table) {
    std::vector<ProcessorUsage> usage(processors);
    for (std::size_t i = 0; i < processors; ++i) {
      usage[i].capacity_permille = s.processors[i].capacity_permille;
    }
    std::size_t rest = table;
    std::size_t moves = 0;
    std::uint64_t connections = 0;
    for (const BucketState& bucket : s.buckets) {
      usage[rest % processors].busy_ns_per_s += bucket.load_ns_per_s;
      const bool moved = rest % processors != bucket.owner.index();
      moves += moved ? 1 : 0;
      connections += moved ? bucket.connections : 0;
      rest /= processors;
    }
    const double imbalance = std::max(Imbalance(usage), target);
    if (imbalance < best.imbalance - kRounding ||
        (imbalance < best.imbalance + kRounding &&
         std::tie(moves, connections) <
             std::tie(best.moves, best.connections))) {
      best = {imbalance, moves, connections};
    }
  }
  return best;
}

Snapshot SmallHost(Random& random) {
  Snapshot s;
  s.processors.resize(1 + random.Below(3));
  const bool unequal = random.OneIn(2);
  for (ProcessorState& p : s.processors) {
    if (!unequal) continue;
    p.capacity_permille = 1 + static_cast<std::uint32_t>(random.Below(1'000));
  }
  const std::size_t buckets = 1 + random.Below(8);
  const std::uint64_t range = random.OneIn(2) ? 5 : 1'000;
  for (std::size_t b = 0; b < buckets; ++b) {
    s.buckets.push_back(
        {.owner = P(random.Below(s.processors.size())),
         .connections = static_cast<std::uint32_t>(random.Below(9)),
         .load_ns_per_s = random.Below(range) * kMs});
  }
  return s;
}

TEST(PlannerOracle, SmallHostsGetTheBestTableWithTheFewestMoves) {
  const std::uint64_t seed = 4'711;
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 600; ++round) {
    SCOPED_TRACE(::testing::Message() << "round " << round);
    const Snapshot s = SmallHost(random);
    for (std::uint32_t permille : {1'000u, 1'030u, 1'200u}) {
      const Proposal p =
          Propose(PlannerKind::kLoad, s, {.target_permille = permille});
      const double target = permille / 1e3 * p.bound;
      const Best best = SearchEveryTable(s, target);
      EXPECT_NEAR(std::max(p.imbalance_after, target), best.imbalance,
                  best.imbalance * kRounding);
      EXPECT_EQ(p.moves.size(), best.moves);
      EXPECT_EQ(ConnectionsMoved(s, p), best.connections);
    }
  }
}

// What the bench and the tests below call the fewest moves.
TEST(PlannerOracle, FewestMovesIsALowerBound) {
  Random random(31);
  int tight = 0;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(::testing::Message() << "round " << round);
    Snapshot s = SmallHost(random);
    for (ProcessorState& p : s.processors) p.capacity_permille = 1'000;
    const PlanRequest request = {.target_permille = 1'200};
    const double bound = Propose(PlannerKind::kStatic, s, request).bound;
    const Best best = SearchEveryTable(s, 1.2 * bound);
    if (best.imbalance > 1.2 * bound + kRounding) continue;  // out of reach
    EXPECT_LE(FewestMoves(s, request), best.moves);
    tight += FewestMoves(s, request) == best.moves ? 1 : 0;
  }
  EXPECT_GT(tight, kRounds / 2);
}

TEST(PlannerOracle, TheBaselineIsNearThePublishedSolver) {
  double after = 0;
  double moves = 0;
  std::vector<ReferenceHost> hosts = ReadReferenceHosts();
  for (const ReferenceHost& host : hosts) {
    SCOPED_TRACE(host.name);
    const Proposal p = Propose(PlannerKind::kRsspp, host.snapshot, {});
    EXPECT_NEAR(p.imbalance_before, host.before, 1e-4);
    EXPECT_NEAR(p.bound, host.bound, 1e-4);
    EXPECT_LT(p.imbalance_after, host.after * 1.25);
    after += std::log(p.imbalance_after / host.after);
    moves += std::log(static_cast<double>(p.moves.size()) /
                      static_cast<double>(host.moves));
  }
  const auto count = static_cast<double>(hosts.size());
  EXPECT_EQ(hosts.size(), 36u);
  EXPECT_NEAR(std::exp(after / count), 1, 0.01);
  EXPECT_NEAR(std::exp(moves / count), 1, 0.02);
}

struct Figures {
  double moves = 0;  // sums of logarithms, over the published solver's
  double fewest = 0;
};

void Compare(const ReferenceHost& host, const PlanRequest& request,
             double target, Figures& figures) {
  const Proposal p = Propose(PlannerKind::kLoad, host.snapshot, request);
  EXPECT_LE(p.imbalance_after, target + kRounding);
  const std::size_t fewest = FewestMoves(host.snapshot, request);
  EXPECT_GE(p.moves.size(), fewest);
  const auto published = static_cast<double>(host.moves);
  figures.moves += std::log(static_cast<double>(p.moves.size()) / published);
  figures.fewest += std::log(static_cast<double>(fewest) / published);
}

// Reached everywhere, and near the fewest moves that there could be.
TEST(PlannerOracle, ReachesItsTargetsOnTheReferenceHosts) {
  Figures same;
  Figures close;
  const std::vector<ReferenceHost> hosts = ReadReferenceHosts();
  for (const ReferenceHost& host : hosts) {
    SCOPED_TRACE(host.name);
    const Proposal p = Propose(PlannerKind::kLoad, host.snapshot, {});
    Compare(host, SameTarget(host), std::max(host.after + 5.1e-5, p.bound),
            same);
    Compare(host, CloseTarget(), 1.01 * p.bound, close);
    EXPECT_LE(Propose(PlannerKind::kLoad, host.snapshot, SameTarget(host))
                  .moves.size(),
              host.moves + 1);
  }
  const auto count = static_cast<double>(hosts.size());
  EXPECT_LT(std::exp(same.moves / count), 0.40);
  EXPECT_LT(std::exp((same.moves - same.fewest) / count), 1.04);
  EXPECT_LT(std::exp(close.moves / count), 0.61);
  EXPECT_LT(std::exp((close.moves - close.fewest) / count), 1.11);
}

}  // namespace
}  // namespace lb::balance
