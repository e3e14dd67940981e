#include "balance/imbalance_index.h"

#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/balance/random_snapshot.h"

namespace lb::balance {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Pointwise;

using Usage = std::vector<ProcessorUsage>;

// A processor of `capacity` permille at `utilization` percent.
ProcessorUsage At(std::uint64_t percent, std::uint32_t buckets,
                  std::uint32_t capacity = 1'000) {
  return {percent * capacity * 10'000, capacity, buckets, true};
}

std::uint32_t CountBuckets(const Usage& usage) {
  std::uint32_t n = 0;
  for (const ProcessorUsage& p : usage) n += p.buckets;
  return n;
}

std::vector<double> Indexes(const ImbalanceIndex& index) {
  std::vector<double> values;
  for (std::size_t i = 0; i < index.index.size(); ++i) {
    values.push_back(index.IndexOf(i));
  }
  return values;
}

TEST(Utilization, WeighsProcessorsByCapacity) {
  const Usage usage = {At(80, 8), At(20, 8, 500)};
  EXPECT_DOUBLE_EQ(Utilization(usage[0]), 0.8);
  EXPECT_DOUBLE_EQ(Utilization(usage[1]), 0.2);
  // (1.0 x 0.8 + 0.5 x 0.2) / 1.5
  EXPECT_DOUBLE_EQ(SystemUtilization(usage), 0.6);
  EXPECT_DOUBLE_EQ(Imbalance(usage), 0.8 / 0.6);
}

TEST(Utilization, LeavesOutWhatIsNotInService) {
  Usage usage = {At(60, 8), At(20, 8), At(100, 8)};
  usage[2].in_service = false;
  EXPECT_DOUBLE_EQ(SystemUtilization(usage), 0.4);
  EXPECT_DOUBLE_EQ(Imbalance(usage), 1.5);
}

TEST(Imbalance, OfAnIdleHostIsOne) {
  EXPECT_DOUBLE_EQ(Imbalance(Usage{At(0, 4), At(0, 4)}), 1);
}

TEST(Bound, IsTheHeaviestBucketOnTheLargestProcessor) {
  const Usage usage = {At(60, 8), At(60, 8, 500)};
  EXPECT_DOUBLE_EQ(Bound(usage, 900'000'000), 1.5);
  EXPECT_DOUBLE_EQ(Bound(usage, 500'000'000), 1);
  EXPECT_DOUBLE_EQ(Bound(Usage{At(0, 1)}, 0), 1);
}

TEST(Bound, CountsLoadThatHasToLeaveADrainedProcessor) {
  Usage usage = {At(30, 8), At(30, 8), At(60, 8)};
  usage[2].in_service = false;
  // The two that remain will run at 0.6.
  EXPECT_DOUBLE_EQ(Bound(usage, 900'000'000), 1.5);
}

// The worked example: U = 0.5.
TEST(ImbalanceIndex, FollowsTheFormula) {
  const Usage usage = {At(80, 4), At(20, 4)};
  const ImbalanceIndex index = ComputeImbalanceIndex(usage, 8);
  EXPECT_THAT(Indexes(index), Pointwise(DoubleNear(1e-6), {2.5, 10.0}));
  EXPECT_NEAR(index.Total(), 12.5, 1e-6);
  EXPECT_THAT(index.quota, ElementsAre(2, 6));  // 1.6 and 6.4
}

TEST(ImbalanceIndex, AnIdleProcessorCountsAsAnEighthOfTheSystem) {
  const Usage usage = {At(80, 4), At(0, 4)};
  EXPECT_THAT(Indexes(ComputeImbalanceIndex(usage, 8)),
              Pointwise(DoubleNear(1e-6), {2.0, 32.0}));
  // At U/8 and below it makes no difference how idle.
  EXPECT_EQ(ComputeImbalanceIndex(Usage{At(75, 4), At(5, 4)}, 8).index[1],
            ComputeImbalanceIndex(Usage{At(80, 4), At(0, 4)}, 8).index[1]);
}

struct FixedPoint {
  const char* name;
  Usage usage;
};

// At balance I_i = b_i, T = N and q_i = b_i, exactly.
TEST(ImbalanceIndex, BalanceIsAFixedPoint) {
  const FixedPoint cases[] = {
      {"equal", {At(60, 341), At(60, 342), At(60, 341)}},
      {"unequal buckets", {At(60, 1), At(60, 1'000), At(60, 23)}},
      {"unequal capacities",
       {At(37, 700, 1'000), At(37, 300, 333), At(37, 24, 170)}},
      {"idle", {At(0, 10), At(0, 20), At(0, 34)}},
      {"one processor", {At(99, 64)}},
  };
  for (const FixedPoint& c : cases) {
    SCOPED_TRACE(c.name);
    const std::uint32_t n = CountBuckets(c.usage);
    const ImbalanceIndex index = ComputeImbalanceIndex(c.usage, n);
    EXPECT_EQ(index.total, std::uint64_t{n} << ImbalanceIndex::kFractionBits);
    for (std::size_t i = 0; i < c.usage.size(); ++i) {
      EXPECT_EQ(index.index[i], std::uint64_t{c.usage[i].buckets}
                                    << ImbalanceIndex::kFractionBits);
      EXPECT_EQ(index.quota[i], c.usage[i].buckets);
      EXPECT_EQ(QuotaLoads(c.usage, index)[i], c.usage[i].busy_ns_per_s);
    }
  }
}

// With equal buckets the first quotas are the even ones.
TEST(ImbalanceIndex, EqualBucketsAreEvenInOneStep) {
  // Every bucket costs 0.5% of a whole CPU.
  const Usage usage = {At(80, 160), At(20, 40), At(40, 40, 500)};
  EXPECT_THAT(ComputeImbalanceIndex(usage, 240).quota, ElementsAre(96, 96, 48));
}

TEST(ImbalanceIndex, AProcessorWithoutBucketsTakesItsShareOfCapacity) {
  const Usage usage = {At(50, 32), At(50, 32), At(0, 0)};
  const ImbalanceIndex index = ComputeImbalanceIndex(usage, 64);
  EXPECT_NEAR(index.IndexOf(2), 64.0 / 3, 1e-6);
  EXPECT_EQ(ComputeImbalanceIndex(Usage{At(0, 64), At(0, 0)}, 64).index[1],
            std::uint64_t{32} << ImbalanceIndex::kFractionBits);
}

TEST(ImbalanceIndex, OutOfServiceHasNothing) {
  Usage usage = {At(50, 20), At(50, 20), At(90, 24)};
  usage[2].in_service = false;
  const ImbalanceIndex index = ComputeImbalanceIndex(usage, 64);
  EXPECT_EQ(index.index[2], 0u);
  EXPECT_THAT(index.quota, ElementsAre(32, 32, 0));
  EXPECT_EQ(QuotaLoads(usage, index)[2], 0u);
}

// Equal remainders stay where the buckets are, then go by index.
TEST(Quota, TiesGoToThePresentHolder) {
  // Equal costs: each is to hold 1.5.
  EXPECT_THAT(ComputeImbalanceIndex(Usage{At(40, 1), At(80, 2)}, 3).quota,
              ElementsAre(1, 2));
  EXPECT_THAT(ComputeImbalanceIndex(Usage{At(80, 2), At(40, 1)}, 3).quota,
              ElementsAre(2, 1));
  // Three empty processors share 4 buckets of a drained one.
  Usage drained = {At(0, 0), At(0, 0), At(0, 0), At(10, 4)};
  drained[3].in_service = false;
  EXPECT_THAT(ComputeImbalanceIndex(drained, 4).quota, ElementsAre(2, 1, 1, 0));
}

TEST(Quota, WhoHoldsABucketKeepsOne) {
  const Usage usage = {At(100, 1), At(1, 1), At(1, 1)};
  EXPECT_THAT(ComputeImbalanceIndex(usage, 3).quota, ElementsAre(1, 1, 1));
  // Taken from the processor that holds none, not from another holder.
  const Usage empty = {At(100, 1, 10), At(10, 1, 1'000), At(0, 0, 1'000)};
  EXPECT_THAT(ComputeImbalanceIndex(empty, 2).quota, ElementsAre(1, 1, 0));
}

TEST(Quota, ExtremeValuesDoNotOverflow) {
  const std::uint64_t huge = 1'000'000'000'000'000'000;
  const Usage usage = {{huge, 1, 65'535, true}, {0, 1'000, 1, true}};
  const ImbalanceIndex index = ComputeImbalanceIndex(usage, 65'536);
  EXPECT_EQ(index.quota[0] + index.quota[1], 65'536u);
  // U / U_0 = 1 / 1001.
  EXPECT_NEAR(index.IndexOf(0), 65'535.0 / 1'001, 1e-6);
}

TEST(ImbalanceIndex, PropertiesOfRandomHosts) {
  const std::uint64_t seed = 20'260'101;
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 3'000; ++round) {
    SCOPED_TRACE(::testing::Message() << "round " << round);
    Usage usage;
    for (std::uint64_t i = 0, n = 1 + random.Below(20); i < n; ++i) {
      usage.push_back({random.Below(1'000'000'000),
                       1 + static_cast<std::uint32_t>(random.Below(1'000)),
                       static_cast<std::uint32_t>(random.Below(400)),
                       i == 0 || !random.OneIn(6)});
    }
    const std::uint32_t n = CountBuckets(usage);
    const ImbalanceIndex index = ComputeImbalanceIndex(usage, n);
    std::uint32_t total = 0;
    for (std::size_t i = 0; i < usage.size(); ++i) {
      const std::uint32_t quota = index.quota[i];
      total += quota;
      if (!usage[i].in_service) {
        EXPECT_EQ(quota, 0u);
        continue;
      }
      const double share = n * index.IndexOf(i) / index.Total();
      EXPECT_LT(quota, share + 1.001);
      if (usage[i].buckets > 0) {
        EXPECT_GE(quota, 1u);
      }
    }
    EXPECT_EQ(total, n);
    EXPECT_EQ(index.total,
              std::accumulate(index.index.begin(), index.index.end(),
                              std::uint64_t{0}));
    EXPECT_GE(Imbalance(usage), 1 - 1e-12);
  }
}

}  // namespace
}  // namespace lb::balance
