#include "balance/load_planner.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "balance/imbalance_index.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/balance/planner_checks.h"
#include "tests/balance/random_snapshot.h"

namespace lb::balance {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const PlanRequest kAsNearAsPossible = {.target_permille = 1'000};

Proposal Propose(const Snapshot& snapshot, const PlanRequest& request = {}) {
  return Propose(PlannerKind::kLoad, snapshot, request);
}

Move MoveOf(std::uint32_t bucket, std::size_t from, std::size_t to) {
  return {BucketId(bucket), P(from), P(to)};
}

// More buckets than are searched whole: `light` of them on each processor,
// after those that are listed.
Snapshot LargeHost(const std::vector<std::vector<std::uint64_t>>& loads,
                   std::size_t light, std::uint64_t light_load) {
  std::vector<std::vector<std::uint64_t>> all = loads;
  for (std::vector<std::uint64_t>& own : all) {
    own.insert(own.end(), light, light_load);
  }
  return Host(all);
}

struct PlanCase {
  const char* name;
  Snapshot snapshot;
  PlanRequest request;
  std::vector<Move> moves;
};

// So many times the heaviest load does not fit 64 bits, as sanitizers tell.
TEST(LoadPlanner, ManyMovesOfTheHeaviestLoads) {
  std::vector<std::uint64_t> loads(65'536, 1);
  std::fill_n(loads.begin(), 20, kMaxLoad / kMs);
  const Proposal proposal = Propose(
      Host({loads, {}}), {.target_permille = 1'001, .max_moves = 15'000});
  EXPECT_EQ(proposal.moves.size(), 10U);
  EXPECT_LT(proposal.imbalance_after, 1.001);
}

TEST(LoadPlanner, TableOfCases) {
  Snapshot resting = Host({{100, 100, 100, 100}, {100, 100}});
  resting.buckets[0].resting = true;
  resting.buckets[1].pinned = true;
  Snapshot no_return = Host({{100, 100, 100, 100}, {100}, {100}});
  no_return.buckets[0].no_return = P(1);
  no_return.buckets[1].no_return = P(2);
  Snapshot unequal = Host({{100, 100}, {200, 100}});
  unequal.processors[1].capacity_permille = 500;
  const PlanCase cases[] = {
      {"one processor", Host({{100, 200}}), {}, {}},
      {"even", Host({{100, 200}, {150, 150}}), {}, {}},
      {"within the target", Host({{100, 203}, {150, 150}}), {}, {}},
      {"the lightest that is enough",
       Host({{300, 200, 90, 110}, {300}}),
       {},
       {MoveOf(1, 0, 1)}},
      {"a swap",
       Host({{300, 200}, {250, 150}}),
       kAsNearAsPossible,
       {MoveOf(0, 0, 1), MoveOf(2, 1, 0)}},
      {"buckets without load stay",
       Host({{0, 0, 100, 0, 100, 100}, {100}}),
       {},
       {MoveOf(2, 0, 1)}},
      {"pinned and resting stay", resting, {}, {MoveOf(2, 0, 1)}},
      {"not where it just left",
       no_return,
       {},
       {MoveOf(0, 0, 2), MoveOf(1, 0, 1)}},
      {"smaller processors take less", unequal, {}, {MoveOf(2, 1, 0)}},
      {"an elephant is left alone",
       Host({{500, 20}, {20}}),
       {},
       {MoveOf(1, 0, 1)}},
      {"a lone elephant is at its bound", Host({{500}, {20, 20}}), {}, {}},
      {"idle", Host({{0, 0, 0}, {0}}), {}, {}},
  };
  for (const PlanCase& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_THAT(Moves(Propose(c.snapshot, c.request)),
                ElementsAreArray(c.moves));
  }
}

// 480, 270 and 270 of a mean of 340: the lightest that is enough.
TEST(LoadPlanner, TakesOneBucketRatherThanMany) {
  const Proposal p = Propose(LargeHost({{170, 80, 130}, {170}, {170}}, 20, 5),
                             {.target_permille = 1'200});
  EXPECT_THAT(Moves(p), ElementsAre(MoveOf(1, 0, 1)));
  EXPECT_EQ(p.moves[0].reason,
            "processor 0 is at 48.0%; processor 1 at 27.0% has room for it");
  EXPECT_EQ(p.reason, "the target is met: imbalance 1.176, target 1.200");
}

// 540, 434, 400 and 300 of a mean of 418.5: the target is 431, 435 is
// tolerated.
TEST(LoadPlanner, LetsBeWhatIsBarelyAboveTheTarget) {
  const Snapshot s =
      LargeHost({{110, 30, 300}, {40, 294}, {200, 100}, {100, 100}}, 20, 5);
  const Proposal all = Propose(s, {.target_permille = 1'030});
  EXPECT_THAT(all.moves, SizeIs(2));
  EXPECT_LE(all.imbalance_after, 1.03);
  const Proposal p =
      Propose(s, {.target_permille = 1'030, .tolerated_permille = 1'040});
  EXPECT_THAT(Moves(p), ElementsAre(MoveOf(0, 0, 3)));
  EXPECT_THAT(p.reason,
              HasSubstr("up to 1.040 is left alone: imbalance 1.037"));
  EXPECT_THAT(Propose(After(s, p),
                      {.target_permille = 1'030, .tolerated_permille = 1'040})
                  .moves,
              IsEmpty());
}

// 45 on top of 60 is more than 95, so that no single move helps.
TEST(LoadPlanner, SwapsAndChains) {
  const std::vector<std::uint64_t> light(12, 5);
  const Proposal p = Propose(Host({{50, 45}, light, light, light}));
  EXPECT_LE(p.imbalance_after, 1.03);
  EXPECT_THAT(p.moves[0].reason, HasSubstr("makes room for it"));
}

// What is beside a bucket heavier than anybody's share leaves it, and no more.
TEST(LoadPlanner, IsolatesAnElephant) {
  Snapshot s = LargeHost({{900}, {}, {}, {}}, 20, 5);
  const Proposal p = Propose(s, kAsNearAsPossible);
  EXPECT_THAT(p.moves, SizeIs(20));
  EXPECT_DOUBLE_EQ(p.imbalance_after, p.bound);
  EXPECT_EQ(p.unsplittable, BucketId(0));
  for (const PlannedMove& m : p.moves) EXPECT_EQ(m.move.from, P(0));
  EXPECT_THAT(p.reason, HasSubstr("because bucket 0 cannot be split"));
  s = After(s, p);
  EXPECT_THAT(Propose(s, kAsNearAsPossible).moves, IsEmpty());
  EXPECT_THAT(Propose(s, kAsNearAsPossible).reason,
              HasSubstr("the target is met: imbalance 2.769, target 2.769, "
                        "bound 2.769 because bucket 0 cannot be split"));
}

TEST(LoadPlanner, SaysWhyItStops) {
  Snapshot s = LargeHost({{100, 100, 100, 100}, {}, {}}, 20, 5);
  EXPECT_THAT(Propose(s, {.max_moves = 1}).reason,
              HasSubstr("the budget of 1 moves is spent: imbalance "));
  EXPECT_THAT(Propose(s, {.target_permille = 1'200}).reason,
              HasSubstr("the target is met: imbalance "));
  for (BucketState& bucket : s.buckets) bucket.resting = true;
  s.buckets[0].resting = false;
  s.buckets[0].pinned = true;
  EXPECT_EQ(Propose(s).reason,
            "no better table is within reach: imbalance 2.143, target 1.030; "
            "63 buckets are cooling down, 1 are pinned");
}

TEST(LoadPlanner, EmptiesProcessorsOutOfService) {
  Snapshot s = Host({{100, 0, 200, 0, 50}, {150, 0}, {150, 0}});
  s.processors[0].in_service = false;
  s.buckets[0].resting = true;                      // does not bind a drain
  s.buckets[2].no_return = P(1);                    // nor does this
  s.buckets[4].pinned = true;                       // this does
  const Proposal p = Propose(s, {.max_moves = 1});  // nor does the budget
  EXPECT_THAT(Moves(p), ElementsAre(MoveOf(2, 0, 1), MoveOf(0, 0, 2),
                                    MoveOf(1, 0, 1), MoveOf(3, 0, 2)));
  EXPECT_EQ(p.quotas[0], 0u);
  EXPECT_EQ(p.moves[0].reason, "processor 0 is out of service");
}

TEST(LoadPlanner, GivesAnEmptyProcessorBuckets) {
  std::vector<std::vector<std::uint64_t>> loads(11, {100, 100, 100, 100});
  loads.push_back({});
  Snapshot s = Host(loads);
  const PlanRequest lax = {.target_permille = 2'000};
  Proposal p = Propose(s, lax);
  ASSERT_THAT(p.moves, SizeIs(1));
  EXPECT_EQ(p.moves[0].move.to, P(11));
  EXPECT_EQ(p.moves[0].reason,
            "processor 11 is in service and holds no bucket");
  EXPECT_THAT(Propose(s, {.target_permille = 2'000, .max_moves = 0}).moves,
              IsEmpty());
  // Without any load quotas count buckets.
  for (BucketState& bucket : s.buckets) bucket.load_ns_per_s = 0;
  p = Propose(s, lax);
  EXPECT_THAT(p.moves, SizeIs(p.quotas[11]));
  EXPECT_GE(p.quotas[11], 3u);
}

TEST(LoadPlanner, WorksWithUtilizationsAlone) {
  Snapshot s;
  s.processors = {{.busy_ns_per_s = 800 * kMs}, {.busy_ns_per_s = 200 * kMs}};
  for (std::size_t b = 0; b < 64; ++b) s.buckets.push_back({P(b % 2)});
  const Proposal p = Propose(s, kAsNearAsPossible);
  // 25 each, of which 12 make 300.
  EXPECT_THAT(p.moves, SizeIs(12));
  EXPECT_DOUBLE_EQ(p.imbalance_after, 1);
}

TEST(LoadPlanner, LeavesAnEvenHostAlone) {
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    Snapshot s = RandomSnapshot(random);
    for (ProcessorState& p : s.processors) {
      p.busy_ns_per_s = std::uint64_t{p.capacity_permille} * 500'000;
      p.in_service = true;
    }
    std::vector<bool> holds(s.processors.size(), false);
    for (const BucketState& b : s.buckets) holds[b.owner.index()] = true;
    if (std::count(holds.begin(), holds.end(), false) > 0) continue;
    EXPECT_THAT(Propose(s).moves, IsEmpty());
  }
}

// A small budget still lowers the maximum where that can be done.
TEST(LoadPlanner, SpendsABudgetWell) {
  Random random(11);
  const Snapshot s = SkewedSnapshot(random, {});
  const Proposal all = Propose(s);
  EXPECT_LE(all.imbalance_after, std::max(1.03, all.bound * 1.03));
  double last = all.imbalance_before;
  for (std::uint32_t budget = 1; budget < all.moves.size(); ++budget) {
    const Proposal p = Propose(s, {.max_moves = budget});
    EXPECT_LE(p.moves.size(), budget);
    EXPECT_LE(p.imbalance_after, all.imbalance_before);
    last = std::min(last, p.imbalance_after);
  }
  EXPECT_LT(last, all.imbalance_before);
}

// Moves only where the imbalance is more than the tolerance, and then is even.
TEST(LoadPlanner, EvensASkewedHostInOnePlan) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (double zipf : {0.7, 0.85, 0.9}) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed << " zipf " << zipf);
      Random random(seed);
      Snapshot s = SkewedSnapshot(random, {.zipf = zipf});
      const Proposal p = Propose(s, {.max_moves = 102});
      EXPECT_LE(p.imbalance_after, p.bound * 1.03 + 1e-9);
      EXPECT_LT(p.moves.size(), 20u);
      EXPECT_THAT(Propose(After(s, p)).moves, IsEmpty());
    }
  }
}

TEST(LoadPlanner, SparesConnectionsWhereAnotherBucketDoesAsWell) {
  // Two of 20 have to go from processor 0, and both go to processor 1.
  Snapshot s = LargeHost({{20, 20, 20, 20, 20}, {20}, {20}}, 47, 10);
  const std::uint32_t connections[] = {90, 7, 8, 50, 60};
  for (std::size_t b = 0; b < 5; ++b) s.buckets[b].connections = connections[b];
  const auto moved = [&s] {
    std::vector<std::uint32_t> buckets;
    for (const Move& move : Moves(Propose(s, {.target_permille = 1'030}))) {
      buckets.push_back(move.bucket.value());
    }
    return buckets;
  };
  EXPECT_THAT(moved(), UnorderedElementsAre(1, 2));
  s.buckets[1].pinned = true;
  EXPECT_THAT(moved(), UnorderedElementsAre(2, 3));
  s.buckets[3].no_return = P(1);
  EXPECT_THAT(moved(), UnorderedElementsAre(2, 4));
}

// Of a plan made without looking at connections: as many moves, no more
// connections, the target met if it was, and otherwise no higher a maximum.
TEST(LoadPlanner, SparingConnectionsCostsNothing) {
  const std::uint64_t seed = 27'182;
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  std::uint64_t with = 0;
  std::uint64_t without = 0;
  for (int round = 0; round < 1'000 && !HasFailure(); ++round) {
    SCOPED_TRACE(::testing::Message() << "round " << round);
    const Snapshot s =
        SkewedSnapshot(random, {.loaded = round % 2 == 0 ? 200u : 1'200u});
    Snapshot unknown = s;
    for (BucketState& bucket : unknown.buckets) bucket.connections = 0;
    const PlanRequest request = RandomRequest(random);
    const Proposal p = Propose(s, request);
    const Proposal blind = Propose(unknown, request);
    CheckProposal(s, request, p);
    EXPECT_EQ(p.moves.size(), blind.moves.size());
    EXPECT_LE(ConnectionsMoved(s, p), ConnectionsMoved(s, blind));
    EXPECT_LE(p.imbalance_after,
              std::max(blind.imbalance_after,
                       request.target_permille / 1e3 * p.bound) +
                  1e-9);
    with += ConnectionsMoved(s, p);
    without += ConnectionsMoved(s, blind);
  }
  EXPECT_LT(with, without);
}

TEST(LoadPlanner, PropertiesOfRandomHosts) {
  const std::uint64_t seed = 90'210;
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 3'000 && !HasFailure(); ++round) {
    SCOPED_TRACE(::testing::Message() << "round " << round);
    const Snapshot s = RandomSnapshot(random);
    const PlanRequest request = RandomRequest(random);
    const Proposal first = Propose(s, request);
    CheckProposal(s, request, first);
    const Proposal again = Propose(s, request);
    EXPECT_EQ(Moves(first), Moves(again));
    EXPECT_EQ(first.imbalance_after, again.imbalance_after);
  }
}

TEST(LoadPlanner, ReplanningComesToRest) {
  const std::uint64_t seed = 1'848;
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 500; ++round) {
    SCOPED_TRACE(::testing::Message() << "round " << round);
    Snapshot s = RandomSnapshot(random);
    for (ProcessorState& p : s.processors) p.busy_ns_per_s.reset();
    s = After(s, Propose(s, kAsNearAsPossible));  // evacuates, fills
    double imbalance = std::numeric_limits<double>::max();
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

// The same plans on every machine and build. If this fails because the planner
// changed, raise algorithm_version() and write down the new numbers.
struct Stability {
  std::size_t moves = 0;
  std::uint64_t digest = 0xcbf29ce484222325;  // FNV-1a
};

Stability PlansOfRandomHosts(bool connections_known) {
  Random random(1);
  auto [moves, digest] = Stability{};
  for (int round = 0; round < 500; ++round) {
    Snapshot s = RandomSnapshot(random);
    for (BucketState& bucket : s.buckets) {
      if (!connections_known) bucket.connections = 0;
    }
    for (const Move& m : Moves(Propose(s))) {
      for (std::uint64_t value :
           {std::uint64_t{m.bucket.value()}, std::uint64_t{m.from.value()},
            std::uint64_t{m.to.value()}}) {
        digest = (digest ^ value) * 0x100000001b3;
      }
      ++moves;
    }
  }
  return {moves, digest};
}

TEST(LoadPlanner, PlansAreStable) {
  EXPECT_EQ(LoadPlanner().algorithm_version(), 1u);
  // Inputs stored by earlier programs have no connections.
  const Stability old = PlansOfRandomHosts(false);
  EXPECT_EQ(old.moves, 12'220u);
  EXPECT_EQ(old.digest, 9'610'046'282'721'608'576u);
  const Stability with_connections = PlansOfRandomHosts(true);
  EXPECT_EQ(with_connections.moves, 12'220u);
  EXPECT_EQ(with_connections.digest, 8'639'974'581'671'456'834u);
}

}  // namespace
}  // namespace lb::balance
