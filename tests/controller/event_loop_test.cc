#include "controller/core/event_loop.h"

#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/fake_clock.h"

namespace lb::controller {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

TEST(EventLoop, RunsTasksInOrderAndNeverInsidePost) {
  FakeClock clock;
  EventLoop loop(clock);
  std::vector<int> ran;
  loop.Post([&] {
    ran.push_back(1);
    loop.Post([&] { ran.push_back(3); });
  });
  loop.Post([&] { ran.push_back(2); });
  EXPECT_THAT(ran, ElementsAre());
  EXPECT_EQ(loop.RunReady(), 3U);
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
}

TEST(EventLoop, TimersWaitForTheClockAndRunInOrderOfTime) {
  FakeClock clock;
  EventLoop loop(clock);
  std::vector<int> ran;
  loop.PostAt(clock.Monotonic() + seconds(2), [&] { ran.push_back(2); });
  loop.PostAt(clock.Monotonic() + seconds(1), [&] { ran.push_back(1); });
  EXPECT_EQ(loop.RunReady(), 0U);
  clock.Advance(seconds(1));
  EXPECT_EQ(loop.RunReady(), 1U);
  EXPECT_THAT(ran, ElementsAre(1));
  clock.Advance(seconds(5));
  loop.RunReady();
  EXPECT_THAT(ran, ElementsAre(1, 2));
}

TEST(EventLoop, RunTakesTasksOfManyThreadsUntilStopped) {
  EventLoop loop(SystemClock());
  std::thread runner([&] { loop.Run(); });
  int ran = 0;  // the loop's
  std::vector<std::thread> posters;
  for (int i = 0; i < 4; ++i) {
    posters.emplace_back([&] {
      for (int j = 0; j < 1'000; ++j) loop.Post([&] { ++ran; });
    });
  }
  for (std::thread& poster : posters) poster.join();
  loop.PostAt(SystemClock().Monotonic(), [&] { loop.Stop(); });
  runner.join();
  EXPECT_EQ(ran, 4'000);
}

}  // namespace
}  // namespace lb::controller
