#include "balance/normal_distribution.h"

#include <cmath>

#include "gtest/gtest.h"

namespace lb::balance {
namespace {

// libm is the oracle; it only may not be part of a decision.
TEST(SquareRoot, AgreesWithLibm) {
  for (double x = 1e-300; x < 1e300; x *= 1.37) {
    EXPECT_NEAR(SquareRoot(x) / std::sqrt(x), 1, 1e-14) << x;
  }
  EXPECT_EQ(SquareRoot(0), 0);
  EXPECT_EQ(SquareRoot(-1), 0);
  EXPECT_EQ(SquareRoot(4), 2);
}

TEST(NaturalLogarithm, AgreesWithLibm) {
  for (double x = 1e-300; x < 1e300; x *= 1.37) {
    EXPECT_NEAR(NaturalLogarithm(x), std::log(x),
                1e-14 * std::max(1.0, std::abs(std::log(x))))
        << x;
  }
  EXPECT_EQ(NaturalLogarithm(1), 0);
}

// Every branch of the approximation, against the complementary error function.
TEST(NormalUpperQuantile, InvertsTheTail) {
  for (double z = -8; z <= 8; z += 0.01) {
    const double tail = 0.5 * std::erfc(z / std::sqrt(2.0));
    // Near 1 a tail has no digits left for the quantile.
    const double tolerance = z < -4 ? 1e-1 : z < -2 ? 1e-10 : 1e-12;
    EXPECT_NEAR(NormalUpperQuantile(tail), z, tolerance) << z;
  }
}

TEST(NormalUpperTail, AgreesWithLibm) {
  for (double z = 0; z <= 6; z += 0.01) {
    const double tail = 0.5 * std::erfc(z / std::sqrt(2.0));
    EXPECT_NEAR(NormalUpperTail(z) / tail, 1, 1e-9) << z;
  }
}

}  // namespace
}  // namespace lb::balance
