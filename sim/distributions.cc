#include "sim/distributions.h"

#include <array>
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

// The ziggurat method (Marsaglia and Tsang, 2000): e^-x lies under layers of
// equal area, and a point of a layer is mostly under the curve for certain.
constexpr std::size_t kLayers = 256;
constexpr double kLastEdge = 7.69711747013104972;
constexpr double kArea = 0.0039496598225815571993;

struct Ziggurat {
  Ziggurat() {
    edge[0] = kArea * Exponential(kLastEdge);  // the tail's, were it a layer
    edge[1] = kLastEdge;
    for (std::size_t i = 2; i < kLayers; ++i) {
      edge[i] = -balance::NaturalLogarithm(kArea / edge[i - 1] +
                                           Exponential(-edge[i - 1]));
    }
    edge[kLayers] = 0;
    for (std::size_t i = 0; i <= kLayers; ++i) {
      height[i] = Exponential(-edge[i]);
    }
  }
  std::array<double, kLayers + 1> edge;
  std::array<double, kLayers + 1> height;
};

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
  static const Ziggurat ziggurat;
  for (;;) {
    const std::uint64_t bits = random.Next();
    const std::size_t layer = bits % kLayers;
    const double x =
        static_cast<double>(bits >> 11) * 0x1p-53 * ziggurat.edge[layer];
    if (x < ziggurat.edge[layer + 1]) return x;
    // Beyond the last edge it is exponential again.
    if (layer == 0) {
      return kLastEdge - balance::NaturalLogarithm(random.Unit());
    }
    const double low = ziggurat.height[layer];
    const double high = ziggurat.height[layer + 1];
    if (low + random.Unit() * (high - low) < Exponential(-x)) return x;
  }
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
