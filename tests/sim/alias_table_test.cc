#include "sim/alias_table.h"

#include <cstddef>
#include <vector>

#include "gtest/gtest.h"

namespace lb::sim {
namespace {

std::vector<double> Frequencies(const std::vector<double>& weights) {
  constexpr int kDraws = 1'000'000;
  const AliasTable table(weights);
  Random random(5);
  std::vector<double> frequencies(weights.size(), 0);
  for (int i = 0; i < kDraws; ++i) {
    frequencies[table.Draw(random)] += 1.0 / kDraws;
  }
  return frequencies;
}

TEST(AliasTable, DrawsByWeight) {
  for (const std::vector<double>& weights :
       {std::vector<double>{1}, std::vector<double>{0.5, 0.5},
        std::vector<double>{0.7, 0.1, 0.1, 0.05, 0.05},
        std::vector<double>{1, 2, 3, 4}}) {
    double sum = 0;
    for (const double weight : weights) sum += weight;
    const std::vector<double> frequencies = Frequencies(weights);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      EXPECT_NEAR(frequencies[i], weights[i] / sum, 0.002) << i;
    }
  }
}

TEST(AliasTable, HardlyEverDrawsWhatWeighsNothing) {
  const std::vector<double> frequencies = Frequencies({0, 1, 0, 1, 0});
  EXPECT_LT(frequencies[0] + frequencies[2] + frequencies[4], 1e-5);
}

}  // namespace
}  // namespace lb::sim
