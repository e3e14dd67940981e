#include "balance/index_planner.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "balance/imbalance_index.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/balance/planner_checks.h"
#include "tests/balance/random_snapshot.h"

namespace lb::balance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Utilizations in percent, each of `buckets` buckets whose loads are unknown.
Snapshot UtilizationsOnly(const std::vector<std::uint64_t>& percent,
                          std::size_t buckets) {
  Snapshot s;
  for (std::size_t i = 0; i < percent.size(); ++i) {
    s.processors.push_back({.busy_ns_per_s = percent[i] * 10 * kMs});
    for (std::size_t b = 0; b < buckets; ++b) s.buckets.push_back({P(i)});
  }
  return s;
}

Proposal Propose(const Snapshot& snapshot, const PlanRequest& request = {}) {
  return Propose(PlannerKind::kIndex, snapshot, request);
}

const PlanRequest kAsNearAsPossible = {.target_permille = 1'000};

struct PlanCase {
  const char* name;
  Snapshot snapshot;
  PlanRequest request;
  std::vector<Move> moves;
};

TEST(IndexPlanner, TableOfCases) {
  const auto move = [](std::uint32_t bucket, std::size_t from, std::size_t to) {
    return Move{BucketId(bucket), P(from), P(to)};
  };
  Snapshot resting = Host({{100, 100, 100, 100}, {100, 100}});
  resting.buckets[0].resting = true;
  resting.buckets[1].pinned = true;
  Snapshot no_return = Host({{100, 100, 100, 100}, {100}, {100}});
  no_return.buckets[0].no_return = P(1);
  Snapshot unequal = Host({{50, 50, 50, 50, 50, 50}, {50, 50, 50, 50, 50, 50}});
  unequal.processors[1].capacity_permille = 500;
  const PlanCase cases[] = {
      {"one processor", Host({{100, 200}}), {}, {}},
      {"even", Host({{100, 200}, {150, 150}}), {}, {}},
      {"equal buckets", Host({{100, 100, 100}, {100}}), {}, {move(0, 0, 1)}},
      {"nearest the mean, not the heaviest or lightest",
       Host({{10, 60, 100, 100, 150, 150}, {80, 80, 80}}),
       {.max_moves = 1},
       {move(2, 0, 1)}},
      {"buckets without load stay",
       Host({{0, 0, 100, 0, 100, 100}, {100}}),
       {},
       {move(2, 0, 1)}},
      {"pinned and resting stay", resting, {}, {move(2, 0, 1)}},
      {"not where it just left", no_return, {}, {move(1, 0, 1), move(0, 0, 2)}},
      {"smaller processors take less",
       unequal,
       {},
       {move(6, 1, 0), move(7, 1, 0)}},
      {"heavier than U x C stays",
       Host({{500, 20}, {20}}),
       {},
       {move(1, 0, 1)}},
      {"a lone elephant is at its bound", Host({{500}, {20, 20}}), {}, {}},
  };
  for (const PlanCase& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_THAT(Moves(Propose(c.snapshot, c.request)),
                ::testing::ElementsAreArray(c.moves));
  }
}

// Quotas decide who gives to whom; anything else is a last resort.
TEST(IndexPlanner, MovesForTheSakeOfQuotas) {
  const Proposal p = Propose(Host({{100, 100, 100}, {100}}));
  ASSERT_THAT(p.moves, SizeIs(1));
  EXPECT_EQ(p.moves[0].reason,
            "processor 0 is at 30.0%, processor 1 at 10.0%; processor 0 holds "
            "3 buckets, its quota is 2");
}

// 134 above the load its quota is worth: all of that, or half of it.
TEST(IndexPlanner, DampingTakesPartOfAStep) {
  const Snapshot s = Host({{60, 130, 130, 140}, {150}});
  PlanRequest request = {.max_moves = 1};
  EXPECT_EQ(Propose(s, request).moves.at(0).move.bucket, BucketId(1));
  request.damping_permille = 500;
  EXPECT_EQ(Propose(s, request).moves.at(0).move.bucket, BucketId(0));
}

TEST(IndexPlanner, ReportsIndexesAndQuotasOfTheSnapshot) {
  const Proposal p = Propose(UtilizationsOnly({80, 20}, 4));
  EXPECT_DOUBLE_EQ(p.system_utilization, 0.5);
  EXPECT_DOUBLE_EQ(p.imbalance_before, 1.6);
  EXPECT_NEAR(p.indexes[0], 2.5, 1e-6);
  EXPECT_NEAR(p.indexes[1], 10, 1e-6);
  EXPECT_NEAR(p.total_index, 12.5, 1e-6);
  EXPECT_THAT(p.quotas, ElementsAre(2, 6));
}

// Equal costs per bucket: the quotas are reached in one call.
TEST(IndexPlanner, ReachesTheQuotasWithEqualBuckets) {
  Snapshot s = UtilizationsOnly({80, 20, 20}, 0);
  s.processors[2].capacity_permille = 500;
  s.processors[2].busy_ns_per_s = 200 * kMs;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t buckets = std::size_t{i == 0 ? 160u : 40u};
    for (std::size_t b = 0; b < buckets; ++b) s.buckets.push_back({P(i)});
  }
  const Proposal p = Propose(s, kAsNearAsPossible);
  EXPECT_THAT(p.quotas, ElementsAre(96, 96, 48));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(std::count(p.assignment.begin(), p.assignment.end(), P(i)),
              p.quotas[i]);
  }
  EXPECT_DOUBLE_EQ(p.imbalance_after, 1);
  EXPECT_THAT(p.moves, SizeIs(64));
  // In bucket order.
  EXPECT_EQ(p.moves[0].move.bucket, BucketId(0));
  EXPECT_EQ(p.moves[63].move.bucket, BucketId(63));
}

TEST(IndexPlanner, EmptiesProcessorsOutOfService) {
  Snapshot s = Host({{100, 0, 200, 0, 50}, {150, 0}, {150, 0}});
  s.processors[0].in_service = false;
  s.buckets[0].resting = true;                      // does not bind a drain
  s.buckets[2].no_return = P(1);                    // nor does this
  s.buckets[4].pinned = true;                       // this does
  const Proposal p = Propose(s, {.max_moves = 1});  // nor does the budget
  EXPECT_THAT(Moves(p), ElementsAre(Move{BucketId(2), P(0), P(1)},
                                    Move{BucketId(0), P(0), P(2)},
                                    Move{BucketId(1), P(0), P(1)},
                                    Move{BucketId(3), P(0), P(2)}));
  EXPECT_EQ(p.quotas[0], 0u);
  EXPECT_THAT(p.moves[0].reason, HasSubstr("processor 0 is out of service"));
}

TEST(IndexPlanner, GivesAnEmptyProcessorBuckets) {
  // Within the target, and yet.
  Snapshot s = Host({});
  s.processors.resize(12);
  for (std::size_t i = 0; i < 11; ++i) {
    for (int b = 0; b < 4; ++b) {
      s.buckets.push_back({.owner = P(i), .load_ns_per_s = 100 * kMs});
    }
  }
  PlanRequest lax = {.target_permille = 2'000};
  Proposal p = Propose(s, lax);
  ASSERT_THAT(p.moves, SizeIs(1));
  EXPECT_EQ(p.moves[0].move.to, P(11));
  // Without any load at all, quotas count buckets: 44 / 12 each, at 11/12.
  for (BucketState& bucket : s.buckets) bucket.load_ns_per_s = 0;
  p = Propose(s, lax);
  EXPECT_THAT(p.moves, SizeIs(p.quotas[11]));
  EXPECT_GE(p.quotas[11], 3u);
  // The only load cannot be shared; a bucket without load will do.
  p = Propose(Host({{500, 0, 0}, {}}));
  EXPECT_THAT(Moves(p), ElementsAre(Move{BucketId(1), P(0), P(1)}));
}

TEST(IndexPlanner, AnIdleHostStaysAsItIs) {
  EXPECT_THAT(Propose(Host({{0, 0, 0}, {0}})).moves, IsEmpty());
}

// No single move helps: 45 on top of 60 is more than 95.
TEST(IndexPlanner, MakesRoomForAHeavyBucket) {
  const std::vector<std::uint64_t> light(12, 5);
  const Proposal p = Propose(Host({{50, 45}, light, light, light}));
  EXPECT_DOUBLE_EQ(p.imbalance_before, 95 * 4 / 275.0);
  EXPECT_LE(p.imbalance_after, 1.03);
}

TEST(IndexPlanner, StopsAtTheTarget) {
  Random random(7);
  const Snapshot s = SkewedSnapshot(random, {});
  const Proposal all = Propose(s, kAsNearAsPossible);
  PlanRequest request;
  request.target_imbalance_ppb = 1'200'000'000;
  const Proposal some = Propose(s, request);
  EXPECT_LE(some.imbalance_after, 1.2);
  // One move less would not have done.
  request.max_moves = static_cast<std::uint32_t>(some.moves.size() - 1);
  EXPECT_GT(Propose(s, request).imbalance_after, 1.2);
  EXPECT_LT(some.moves.size(), all.moves.size());
  EXPECT_LT(all.imbalance_after, 1.01);
}

TEST(IndexPlanner, ABudgetTakesTheFirstMovesOfThePlan) {
  Random random(11);
  const Snapshot s = SkewedSnapshot(random, {});
  const std::vector<Move> all = Moves(Propose(s));
  double last = Propose(s).imbalance_before;
  for (std::uint32_t budget = 0; budget <= all.size(); budget += 3) {
    const Proposal p = Propose(s, {.max_moves = budget});
    ASSERT_LE(p.moves.size(), budget);
    const std::vector<Move> moves = Moves(p);
    EXPECT_TRUE(std::equal(moves.begin(), moves.end(), all.begin()));
    EXPECT_LE(p.imbalance_after, last);
    last = p.imbalance_after;
  }
}

// What a host needs in practice: few connections, one of them heavy, most
// buckets empty, a tenth of the buckets a plan.
TEST(IndexPlanner, EvensASkewedHostInTwoPlans) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (double zipf : {0.7, 0.85, 0.9}) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed << " zipf " << zipf);
      Random random(seed);
      Snapshot s = SkewedSnapshot(random, {.zipf = zipf});
      const PlanRequest request = {.max_moves = 102, .damping_permille = 800};
      Proposal p;
      for (int plan = 0; plan < 2; ++plan) {
        p = Propose(s, request);
        for (const PlannedMove& m : p.moves) EXPECT_GT(m.load_ns_per_s, 0u);
        s = After(s, p);
      }
      EXPECT_LT(p.imbalance_after, std::max(1.08, p.bound * 1.03));
      EXPECT_THAT(Propose(s, request).moves, IsEmpty());
    }
  }
}

// No table is better than the bound, and no plan better than the best table.
TEST(IndexPlanner, StaysWithinBruteForce) {
  const std::uint64_t seed = 4'711;
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  int optimal = 0;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(::testing::Message() << "round " << round);
    const std::size_t processors = 2 + random.Below(2);
    Snapshot s;
    s.processors.resize(processors);
    std::size_t tables = 1;
    for (std::size_t b = 0; b < 8; ++b) {
      s.buckets.push_back({.owner = P(random.Below(processors)),
                           .load_ns_per_s = (1 + random.Below(100)) * kMs});
      tables *= processors;
    }
    double best = 1e9;
    for (std::size_t table = 0; table < tables; ++table) {
      std::vector<ProcessorUsage> usage(processors);
      std::size_t rest = table;
      for (const BucketState& bucket : s.buckets) {
        usage[rest % processors].busy_ns_per_s += bucket.load_ns_per_s;
        rest /= processors;
      }
      best = std::min(best, Imbalance(usage));
    }
    const Proposal p = Propose(s, kAsNearAsPossible);
    EXPECT_LE(p.bound, best + 1e-9);
    EXPECT_GE(p.imbalance_after, best - 1e-9);
    if (p.imbalance_after < best * 1.05) ++optimal;
  }
  EXPECT_GT(optimal, kRounds / 2) << "of " << kRounds << " near the optimum";
}

// Rules kept, imbalance never up, equal inputs equal plans, and replanning
// comes to an end: each plan strictly better than the one before.
TEST(IndexPlanner, PropertiesOfRandomHosts) {
  const std::uint64_t seed = 90'210;
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 3'000; ++round) {
    SCOPED_TRACE(::testing::Message() << "round " << round);
    const Snapshot s = RandomSnapshot(random);
    const PlanRequest request = RandomRequest(random);
    const Proposal first = Propose(s, request);
    CheckProposal(s, request, first);
    const Proposal again = Propose(s, request);
    EXPECT_EQ(Moves(first), Moves(again));
    EXPECT_EQ(first.imbalance_after, again.imbalance_after);
    if (HasFailure()) return;
  }
}

TEST(IndexPlanner, ReplanningComesToRest) {
  const std::uint64_t seed = 1'848;
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 500; ++round) {
    SCOPED_TRACE(::testing::Message() << "round " << round);
    Snapshot s = RandomSnapshot(random);
    for (ProcessorState& p : s.processors) p.busy_ns_per_s.reset();
    s = After(s, Propose(s, kAsNearAsPossible));  // evacuates, fills
    double imbalance = 1e18;
    int plans = 0;
    for (;; ++plans) {
      ASSERT_LT(plans, 50);
      const Proposal p = Propose(s, kAsNearAsPossible);
      if (p.moves.empty()) break;
      EXPECT_LT(p.imbalance_after, imbalance);
      imbalance = p.imbalance_after;
      s = After(s, p);
    }
  }
}

// Pinned: plans of the same inputs must not change without a new
// algorithm_version().
TEST(IndexPlanner, PlansAreStable) {
  Random random(1);
  std::uint64_t digest = 0xcbf29ce484222325;  // FNV-1a
  std::size_t moves = 0;
  for (int round = 0; round < 500; ++round) {
    for (const Move& m : Moves(Propose(RandomSnapshot(random)))) {
      for (std::uint64_t value :
           {std::uint64_t{m.bucket.value()}, std::uint64_t{m.from.value()},
            std::uint64_t{m.to.value()}}) {
        digest = (digest ^ value) * 0x100000001b3;
      }
      ++moves;
    }
  }
  EXPECT_EQ(IndexPlanner().algorithm_version(), 1u);
  EXPECT_EQ(moves, 14'881u);
  EXPECT_EQ(digest, 8'441'317'325'340'613'202u);
}

}  // namespace
}  // namespace lb::balance
