#include "sim/distributions.h"

#include <bit>

#include "balance/normal_distribution.h"

namespace lb::sim {
namespace {

constexpr double kLn2High =
    0x1.62e42feep-1;  // 32 bits, so that n * it is exact
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kLog2E = 0x1.71547652b82fep+0;

// 2^n for -1022 <= n <= 1023.
double TwoToThe(int n) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(n + 1'023) << 52);
}

void ScaleToOne(std::vector<double>& weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  for (double& weight : weights) weight /= sum;
}

}  // namespace

double Exponential(double x) {
  const double halves = x * kLog2E;
  const int n = static_cast<int>(halves + (halves < 0 ? -0.5 : 0.5));
  const double r = (x - n * kLn2High) - n * kLn2Low;  // |r| <= 0.35
  double sum = 1;
  for (int k = 14; k >= 1; --k) sum = 1 + sum * r / k;
  return sum * TwoToThe(n);
}

double Power(double base, double exponent) {
  return Exponential(exponent * balance::NaturalLogarithm(base));
}

double ExponentialVariate(Random& random) {
  return -balance::NaturalLogarithm(random.Unit());
}

double NormalVariate(Random& random) {
  // Sixteen bits each are fine enough, and three draws give all twelve.
  std::uint64_t sum = 0;
  for (int draw = 0; draw < 3; ++draw) {
    const std::uint64_t bits = random.Next();
    sum += (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) +
           (bits >> 48);
  }
  return (static_cast<double>(sum) + 6) * 0x1p-16 - 6;
}

std::vector<double> ZipfWeights(std::size_t count, double exponent) {
  std::vector<double> weights;
  weights.reserve(count);
  for (std::size_t k = 1; k <= count; ++k) {
    weights.push_back(Power(static_cast<double>(k), -exponent));
  }
  ScaleToOne(weights);
  return weights;
}

std::vector<double> ParetoWeights(std::size_t count, double shape,
                                  Random& random) {
  std::vector<double> weights;
  weights.reserve(count);
  for (std::size_t k = 0; k < count; ++k) {
    weights.push_back(Power(random.Unit(), -1 / shape));
  }
  ScaleToOne(weights);
  return weights;
}

}  // namespace lb::sim
