// When to try again: exponential back-off with full jitter ("Exponential
// Backoff And Jitter", AWS Architecture Blog, 2015). Pure; not thread safe.
#ifndef LB_AGENT_BACKOFF_H_
#define LB_AGENT_BACKOFF_H_

#include <chrono>
#include <cstdint>

namespace lb::agent {

struct BackoffOptions {
  std::chrono::milliseconds base{200};    // upper end of the first delay
  std::chrono::milliseconds cap{10'000};  // upper end of every later one
};

class Backoff {
 public:
  Backoff(BackoffOptions options, std::uint64_t seed)
      : options_(options), state_(seed) {}

  // Uniform in 0..min(cap, base x 2^n) after n delays since Reset().
  std::chrono::nanoseconds Next();

  void Reset() { attempts_ = 0; }

 private:
  const BackoffOptions options_;
  std::uint64_t state_;
  int attempts_ = 0;
};

}  // namespace lb::agent

#endif  // LB_AGENT_BACKOFF_H_
