#include "balance/normal_distribution.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace lb::balance {
namespace {

constexpr int kMantissaBits = 52;
constexpr std::uint64_t kMantissaMask = (std::uint64_t{1} << 52) - 1;
constexpr std::uint64_t kExponentOfOne = 1'023;
constexpr double kLn2 = 0.69314718055994530942;

// Coefficients by rising power.
template <std::size_t N>
double Polynomial(const std::array<double, N>& c, double x) {
  double value = c[N - 1];
  for (std::size_t i = N - 1; i > 0; --i) value = value * x + c[i - 1];
  return value;
}

// AS 241, PPND16: numerators and denominators near the middle, in the tail,
// and far out.
constexpr std::array<double, 8> kA = {
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
    1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
    3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr std::array<double, 8> kB = {1.0,
                                      4.2313330701600911252e1,
                                      6.8718700749205790830e2,
                                      5.3941960214247511077e3,
                                      2.1213794301586595867e4,
                                      3.9307895800092710610e4,
                                      2.8729085735721942674e4,
                                      5.2264952788528545610e3};
constexpr std::array<double, 8> kC = {
    1.42343711074968357734e0,  4.63033784615654529590e0,
    5.76949722146069140550e0,  3.64784832476320460504e0,
    1.27045825245236838258e0,  2.41780725177450611770e-1,
    2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr std::array<double, 8> kD = {1.0,
                                      2.05319162663775882187e0,
                                      1.67638483018380384940e0,
                                      6.89767334985100004550e-1,
                                      1.48103976427480074590e-1,
                                      1.51986665636164571966e-2,
                                      5.47593808499534494600e-4,
                                      1.05075007164441684324e-9};
constexpr std::array<double, 8> kE = {
    6.65790464350110377720e0,  5.46378491116411436990e0,
    1.78482653991729133580e0,  2.96560571828504891230e-1,
    2.65321895265761230930e-2, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr std::array<double, 8> kF = {1.0,
                                      5.99832206555887937690e-1,
                                      1.36929880922735805310e-1,
                                      1.48753612908506148525e-2,
                                      7.86869131145613259100e-4,
                                      1.84631831751005468180e-5,
                                      1.42151175831644588870e-7,
                                      2.04426310338993978564e-15};

}  // namespace

double SquareRoot(double x) { return x > 0 ? std::sqrt(x) : 0; }

double NaturalLogarithm(double x) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  int exponent = static_cast<int>(bits >> kMantissaBits) -
                 static_cast<int>(kExponentOfOne);
  double mantissa = std::bit_cast<double>((bits & kMantissaMask) |
                                          (kExponentOfOne << kMantissaBits));
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    ++exponent;
  }
  // ln m = 2 artanh((m - 1) / (m + 1)); the argument is at most 0.172.
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double series = 0;
  for (int k = 23; k >= 1; k -= 2) series = series * square + 1.0 / k;
  return exponent * kLn2 + 2 * s * series;
}

double NormalUpperQuantile(double tail) {
  const double from_middle = 0.5 - tail;
  if (from_middle <= 0.425 && from_middle >= -0.425) {
    const double r = 0.180625 - from_middle * from_middle;
    return from_middle * Polynomial(kA, r) / Polynomial(kB, r);
  }
  const double smaller = from_middle > 0 ? tail : 1 - tail;
  const double r = SquareRoot(-NaturalLogarithm(smaller));
  const double z = r <= 5 ? Polynomial(kC, r - 1.6) / Polynomial(kD, r - 1.6)
                          : Polynomial(kE, r - 5) / Polynomial(kF, r - 5);
  return from_middle > 0 ? z : -z;
}

double NormalUpperTail(double z) {
  // The quantile is exact enough to be inverted by bisection.
  double low = 1e-12;
  double high = 0.5;
  for (int i = 0; i < 100; ++i) {
    const double middle = 0.5 * (low + high);
    if (NormalUpperQuantile(middle) > z) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return 0.5 * (low + high);
}

}  // namespace lb::balance
