#include "sim/distributions.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "sim/random.h"

namespace lb::sim {
namespace {

// The published output of SplitMix64 for seed 0.
TEST(Random, IsSplitMix64) {
  Random random(0);
  EXPECT_EQ(random.Next(), 0xe220a8397b1dcdafU);
  EXPECT_EQ(random.Next(), 0x6e789e6aa1b965f4U);
  EXPECT_EQ(random.Next(), 0x06c45d188009454fU);
}

TEST(Random, StreamsOfASeedDiffer) {
  EXPECT_NE(Random(1, 1).Next(), Random(1, 2).Next());
  EXPECT_NE(Random(1, 1).Next(), Random(2, 1).Next());
  EXPECT_EQ(Random(7, 3).Next(), Random(7, 3).Next());
}

TEST(Random, BelowIsEven) {
  Random random(3);
  std::vector<int> counts(10, 0);
  for (int i = 0; i < 100'000; ++i) ++counts[random.Below(10)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
}

TEST(Exponential, IsExact) {
  for (double x = -690; x < 690; x += 0.37) {
    EXPECT_NEAR(Exponential(x) / std::exp(x), 1, 1e-13) << x;
  }
  EXPECT_EQ(Exponential(0), 1);
}

TEST(Power, IsExact) {
  for (const double base : {1e-9, 0.3, 1.0, 2.0, 17.0, 20'000.0}) {
    for (const double exponent : {-2.5, -0.9, 0.0, 0.5, 1.0, 3.0}) {
      EXPECT_NEAR(Power(base, exponent) / std::pow(base, exponent), 1, 1e-12)
          << base << "^" << exponent;
    }
  }
}

TEST(Rounded, IsTheNearestInteger) {
  EXPECT_EQ(Rounded(0), 0);
  EXPECT_EQ(Rounded(0x1.fffffffffffffp-2), 0);  // plus 0.5 it is 1.0
  EXPECT_EQ(Rounded(0.5), 1);
  EXPECT_EQ(Rounded(2.5), 3);
  EXPECT_EQ(Rounded(1e9 - 0.6), 999'999'999);
  EXPECT_EQ(Rounded(0x1.0000000000001p+52), 0x10000000000001);
}

// To the bit: these decide what arrives, on every machine and build.
TEST(Variates, AreTheSameEverywhere) {
  Random random(1);
  EXPECT_EQ(ExponentialVariate(random), 0x1.1072fc8850508p-1);
  EXPECT_EQ(ExponentialVariate(random), 0x1.7f2a6384d3803p+0);
  EXPECT_EQ(NormalVariate(random), 0x1.e902p+0);
  EXPECT_EQ(ZipfWeights(100, 0.9)[99], 0x1.433c701b93955p-9);
  EXPECT_EQ(ParetoWeights(3, 1.5, random)[2], 0x1.9bebb484204d8p-2);
}

struct Moments {
  double mean = 0;
  double variance = 0;
};

template <class Draw>
Moments MomentsOf(Draw draw) {
  constexpr int kDraws = 200'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

TEST(ExponentialVariate, HasItsMoments) {
  Random random(11);
  const Moments m = MomentsOf([&] { return ExponentialVariate(random); });
  EXPECT_NEAR(m.mean, 1, 0.01);
  EXPECT_NEAR(m.variance, 1, 0.03);
}

TEST(NormalVariate, HasItsMoments) {
  Random random(12);
  const Moments m = MomentsOf([&] { return NormalVariate(random); });
  EXPECT_NEAR(m.mean, 0, 0.01);
  EXPECT_NEAR(m.variance, 1, 0.02);
}

TEST(Weights, FollowTheirLawsAndSumUpToOne) {
  const std::vector<double> zipf = ZipfWeights(1'000, 0.9);
  EXPECT_NEAR(zipf[0] / zipf[9], std::pow(10, 0.9), 1e-9);
  Random random(13);
  const std::vector<double> pareto = ParetoWeights(100'000, 2, random);
  double sum = 0;
  double least = 1;
  int above_twice = 0;
  for (const double weight : pareto) {
    sum += weight;
    least = std::min(least, weight);
  }
  for (const double weight : pareto) above_twice += weight > 2 * least ? 1 : 0;
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_NEAR(above_twice, 25'000, 600);  // 1 / 2^2
}

}  // namespace
}  // namespace lb::sim
