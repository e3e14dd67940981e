// Random variables and weights from the four basic operations alone. Doubles
// are rounded as IEEE 754 says and -ffp-contract=off fuses nothing, so that
// equal seeds give equal numbers on every machine and at every optimization;
// libm and the standard library's distributions promise neither. Pure.
#ifndef LB_SIM_DISTRIBUTIONS_H_
#define LB_SIM_DISTRIBUTIONS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/random.h"

namespace lb::sim {

// e^x for |x| <= 700; relative error below 1e-13.
double Exponential(double x);

// base^exponent for base > 0; relative error below 1e-12 while the result is
// within 1e-100..1e100.
double Power(double base, double exponent);

// To the nearest integer, halves up. Requires 0 <= x < 2^63.
constexpr std::int64_t Rounded(double x) {
  const auto whole = static_cast<std::int64_t>(x);
  return x - static_cast<double>(whole) < 0.5 ? whole : whole + 1;
}

// Exponentially distributed with mean 1; at most 45.
double ExponentialVariate(Random& random);

// Mean 0, standard deviation 1, at most 6 from 0: the sum of twelve uniform
// variates less 6, near enough to normal for noise.
double NormalVariate(Random& random);

// Weights that sum up to 1. Requires count >= 1.
// The k-th of `count` in proportion to 1 / k^exponent, heaviest first.
std::vector<double> ZipfWeights(std::size_t count, double exponent);
// In proportion to Pareto distributed variates of the given shape, > 0.
std::vector<double> ParetoWeights(std::size_t count, double shape,
                                  Random& random);

}  // namespace lb::sim

#endif  // LB_SIM_DISTRIBUTIONS_H_
