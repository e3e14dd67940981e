// The planners to compare with, `static` and `rsspp`, and the seam itself.
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "balance/planner.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/balance/planner_checks.h"
#include "tests/balance/random_snapshot.h"

namespace lb::balance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr PlannerKind kKinds[] = {PlannerKind::kIndex, PlannerKind::kLoad,
                                  PlannerKind::kRsspp, PlannerKind::kStatic};

TEST(MakePlanner, KnowsTheKinds) {
  for (PlannerKind kind : kKinds) {
    absl::StatusOr<std::unique_ptr<Planner>> planner = MakePlanner(kind);
    ASSERT_TRUE(planner.ok());
    EXPECT_EQ((*planner)->kind(), kind);
    EXPECT_GE((*planner)->algorithm_version(), 1u);
  }
  EXPECT_EQ(MakePlanner(PlannerKind{9}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Planners, RefuseWhatIsNotValid) {
  for (PlannerKind kind : kKinds) {
    SCOPED_TRACE(PlannerKindName(kind));
    const std::unique_ptr<Planner> planner = *MakePlanner(kind);
    Snapshot s = Host({{100}, {100}});
    EXPECT_THAT(
        std::string(
            planner->Propose(s, {.target_permille = 900}).status().message()),
        HasSubstr("target is 900 permille"));
    EXPECT_EQ(planner->Propose(s, {.damping_permille = 0}).status().code(),
              absl::StatusCode::kInvalidArgument);
    s.buckets[1].owner = P(2);
    EXPECT_THAT(std::string(planner->Propose(s, {}).status().message()),
                HasSubstr("bucket 1 belongs to processor 2; there are 2"));
  }
}

// Whatever the method, indexes, quotas and the bound are those of the host.
TEST(Planners, ReportTheSameOfAHost) {
  Random random(3);
  for (int round = 0; round < 100; ++round) {
    const Snapshot s = RandomSnapshot(random);
    const Proposal index = Propose(PlannerKind::kIndex, s, {});
    for (PlannerKind kind : kKinds) {
      const Proposal p = Propose(kind, s, {});
      EXPECT_EQ(p.indexes, index.indexes);
      EXPECT_EQ(p.total_index, index.total_index);
      EXPECT_EQ(p.quotas, index.quotas);
      EXPECT_EQ(p.bound, index.bound);
      EXPECT_EQ(p.imbalance_before, index.imbalance_before);
      EXPECT_FALSE(p.reason.empty());
    }
  }
}

// The largest and the smallest numbers that are let in.
TEST(Planners, ReportFiniteNumbersAtTheLimits) {
  constexpr std::uint64_t kMost = 1'000'000'000'000'000;
  for (std::uint64_t load : {std::uint64_t{0}, std::uint64_t{1}, kMost}) {
    for (std::uint32_t capacity : {1u, 1'000u}) {
      Snapshot s = Host({{0, 0, 0}, {0}, {}});
      s.buckets.resize(1'000);
      s.buckets[0].load_ns_per_s = load;
      s.buckets[999].load_ns_per_s = load;
      s.processors[0].capacity_permille = capacity;
      s.processors[1].busy_ns_per_s = load;
      for (PlannerKind kind : kKinds) {
        const Proposal p = Propose(kind, s, {});
        std::vector<double> numbers = p.indexes;
        numbers.insert(numbers.end(),
                       {p.total_index, p.bound, p.imbalance_before,
                        p.imbalance_after, p.system_utilization});
        for (double number : numbers) EXPECT_TRUE(std::isfinite(number));
      }
    }
  }
}

TEST(StaticPlanner, MovesNothing) {
  Snapshot s = Host({{100, 100, 100}, {100}, {}});
  const Proposal p = Propose(PlannerKind::kStatic, s, {});
  EXPECT_THAT(p.moves, IsEmpty());
  EXPECT_EQ(p.reason, "the static planner moves nothing: imbalance 2.250");
}

TEST(StaticPlanner, EmptiesProcessorsOutOfService) {
  Snapshot s = Host({{100, 50}, {100}, {20}});
  s.processors[0].in_service = false;
  EXPECT_THAT(Moves(Propose(PlannerKind::kStatic, s, {})),
              ElementsAre(Move{BucketId(0), P(0), P(2)},
                          Move{BucketId(1), P(0), P(1)}));
}

// 400 over the mean: the heaviest that the neediest has room for, and so on
// towards the mean. 400 and 150 fit nowhere.
TEST(RssppPlanner, GivesTheHeaviestThatFits) {
  const Proposal p =
      Propose(PlannerKind::kRsspp, Host({{400, 200, 150, 50}, {100}, {300}}),
              {.target_permille = 1'100});
  EXPECT_THAT(Moves(p), ElementsAre(Move{BucketId(1), P(0), P(1)},
                                    Move{BucketId(3), P(0), P(2)}));
  EXPECT_THAT(p.moves[0].reason, HasSubstr("processor 0 is at 80.0%"));
}

TEST(RssppPlanner, LeavesAnEvenHostAlone) {
  EXPECT_THAT(
      Propose(PlannerKind::kRsspp, Host({{200, 100}, {150, 130}, {310}}), {})
          .moves,
      IsEmpty());
}

TEST(ComparisonPlanners, PropertiesOfRandomHosts) {
  for (PlannerKind kind : {PlannerKind::kRsspp, PlannerKind::kStatic}) {
    Random random(12'321);
    for (int round = 0; round < 1'000 && !::testing::Test::HasFailure();
         ++round) {
      SCOPED_TRACE(::testing::Message()
                   << PlannerKindName(kind) << " round " << round);
      const Snapshot s = RandomSnapshot(random);
      const PlanRequest request = RandomRequest(random);
      const Proposal first = Propose(kind, s, request);
      CheckProposal(s, request, first);
      EXPECT_EQ(Moves(first), Moves(Propose(kind, s, request)));
    }
  }
}

}  // namespace
}  // namespace lb::balance
