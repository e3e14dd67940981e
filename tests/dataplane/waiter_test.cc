#include "dataplane/engine/waiter.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

TEST(Waiter, ANotifyAfterPrepareIsNotMissed) {
  Waiter waiter;
  waiter.Prepare();
  waiter.Notify();
  waiter.Sleep(std::nullopt);  // returns at once, or the test hangs
}

TEST(Waiter, SleepEndsAtItsLimit) {
  Waiter waiter;
  waiter.Prepare();
  waiter.Sleep(std::chrono::microseconds(100));
  waiter.Prepare();
  waiter.Sleep(std::chrono::nanoseconds(-5));  // as good as zero
}

// Two threads hand a token to and fro; a missed wake would hang the test.
TEST(Waiter, PingPongMissesNoWake) {
  constexpr int kRounds = 20'000;
  std::atomic<int> token{0};
  Waiter even;
  Waiter odd;
  const auto play = [&](int parity, Waiter& mine, Waiter& other) {
    for (int i = parity; i < kRounds; i += 2) {
      while (true) {
        mine.Prepare();
        if (token.load() == i) break;
        mine.Sleep(std::nullopt);
      }
      mine.Cancel();
      token.store(i + 1);
      other.Notify();
    }
  };
  std::thread second([&] { play(1, odd, even); });
  play(0, even, odd);
  second.join();
  EXPECT_EQ(token.load(), kRounds);
}

}  // namespace
}  // namespace lb::dataplane
