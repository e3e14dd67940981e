// Square root, logarithm and tails of the normal distribution from what IEEE
// 754 rounds exactly, which are the four basic operations and the square root:
// the rest of libm differs between machines, and decisions are to be replayed
// to the bit. Pure; any thread.
#ifndef LB_BALANCE_NORMAL_DISTRIBUTION_H_
#define LB_BALANCE_NORMAL_DISTRIBUTION_H_

namespace lb::balance {

// 0 for x <= 0.
double SquareRoot(double x);

// Natural logarithm of a finite, normal x > 0; absolute error below 1e-14
// times the larger of 1 and the result.
double NaturalLogarithm(double x);

// The z that a standard normal variable exceeds with probability `tail`,
// 1e-300 < tail < 1. Algorithm AS 241 (Wichura, 1988), relative error about
// 1e-15.
double NormalUpperQuantile(double tail);

// The probability that a standard normal variable exceeds z; 0 <= z <= 6.
double NormalUpperTail(double z);

}  // namespace lb::balance

#endif  // LB_BALANCE_NORMAL_DISTRIBUTION_H_
