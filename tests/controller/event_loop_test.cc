#include "controller/core/event_loop.h"

#include <algorithm>
#include <atomic>
#include <future>
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

TEST(EventLoop, BulkRunsInOrderWhenNothingElseIsDue) {
  FakeClock clock;
  EventLoop loop(clock);
  std::vector<int> ran;
  const int bulk = static_cast<int>(EventLoop::kBulkTurn) + 2;
  for (int i = 0; i < bulk; ++i) {
    loop.PostBulk([&ran, &loop, i] {
      ran.push_back(i);
      if (i == 0) loop.Post([&ran] { ran.push_back(-2); });
    });
  }
  loop.Post([&] { ran.push_back(-1); });
  EXPECT_EQ(loop.RunReady(), static_cast<std::size_t>(bulk) + 2);
  ASSERT_EQ(ran.size(), static_cast<std::size_t>(bulk) + 2);
  EXPECT_EQ(ran.front(), -1);
  // What the first of them posted ran after one turn, before the rest.
  EXPECT_EQ(ran[EventLoop::kBulkTurn + 1], -2);
  std::erase_if(ran, [](int i) { return i < 0; });
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

TEST(EventLoop, BulkRestsByTimeThatPassesThoughTheClockStands) {
  FakeClock clock;
  EventLoop loop(clock);
  std::thread runner([&] { loop.Run(); });
  for (int i = 0; i < 3; ++i) {
    std::promise<void> ran;
    loop.PostBulk([&ran] { ran.set_value(); });
    ran.get_future().wait();
  }
  loop.Stop();
  runner.join();
}

TEST(EventLoop, RunTakesTasksOfManyThreadsUntilStopped) {
  EventLoop loop(SystemClock());
  std::thread runner([&] { loop.Run(); });
  int ran = 0;  // the loop's
  std::vector<std::thread> posters;
  for (int i = 0; i < 4; ++i) {
    posters.emplace_back([&] {
      for (int j = 0; j < 1'000; ++j) {
        loop.Post([&] { ++ran; });
        loop.PostBulk([&] { ++ran; });
      }
    });
  }
  for (std::thread& poster : posters) poster.join();
  loop.PostBulk([&] { loop.Stop(); });
  runner.join();
  EXPECT_EQ(ran, 8'000);
}

TEST(EventLoop, WhoMakesBulkWaitsForRoom) {
  EventLoop loop(SystemClock());
  std::atomic<int> most = 0;
  int there = 0;  // the loop's
  std::atomic<int> posted = 0;
  std::thread maker([&] {
    for (int i = 0; i < 1'000; ++i) {
      loop.WaitForRoom(4);
      ++posted;
      loop.PostBulk([&] {
        ++there;
        most = std::max<int>(most, posted - there);
      });
    }
    loop.PostBulk([&] { loop.Stop(); });
  });
  loop.Run();
  // Whoever waits for a loop that was stopped is let go.
  loop.WaitForRoom(0);
  maker.join();
  EXPECT_EQ(there, 1'000);
  // What waits, and what was taken and did not run yet.
  EXPECT_LE(most, 4 + static_cast<int>(EventLoop::kBulkTurn));
}

}  // namespace
}  // namespace lb::controller
