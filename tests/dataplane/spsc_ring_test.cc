#include "dataplane/engine/spsc_ring.h"

#include <array>
#include <thread>

#include "dataplane/engine/store_load_fence.h"
#include "dataplane/engine/waiter.h"
#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

TEST(SpscRing, NothingIsSeenBeforePublish) {
  SpscRing<int> ring(4);
  std::array<int, 4> out{};
  ASSERT_TRUE(ring.Push(1));
  EXPECT_EQ(ring.Pop(out), 0u);
  EXPECT_TRUE(ring.Publish());
  EXPECT_FALSE(ring.Publish());
  EXPECT_EQ(ring.Pop(out), 1u);
  EXPECT_EQ(out[0], 1);
}

TEST(SpscRing, RefusesWhatDoesNotFit) {
  SpscRing<int> ring(2);
  EXPECT_TRUE(ring.Push(1));
  EXPECT_TRUE(ring.Push(2));
  EXPECT_FALSE(ring.Push(3));
  ring.Publish();
  std::array<int, 1> out{};
  EXPECT_EQ(ring.Pop(out), 1u);
  EXPECT_TRUE(ring.Push(3));
  EXPECT_FALSE(ring.Push(4));
}

TEST(SpscRing, PositionsCountFromTheStart) {
  SpscRing<int> ring(2);
  std::array<int, 2> out{};
  for (int i = 0; i < 5; ++i) {
    ring.Push(i);
    ring.Publish();
    ring.Pop(out);
  }
  EXPECT_EQ(ring.tail(), 5u);
  EXPECT_EQ(ring.head(), 5u);
}

// A producer and a consumer that sleep whenever they can: everything arrives,
// in order, and neither misses the other's wake.
TEST(SpscRing, TwoThreadsThatSleepLoseNothing) {
  constexpr std::uint64_t kCount = 200'000;
  SpscRing<std::uint64_t> ring(64);
  Waiter consumer;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kCount;) {
      if (ring.Push(i)) {
        ++i;
        if (i % 7 != 0 && i != kCount) continue;
      } else {
        std::this_thread::yield();
      }
      ring.Publish();
      StoreLoadFence();
      consumer.Notify();
    }
  });
  std::uint64_t expected = 0;
  std::array<std::uint64_t, 16> out{};
  while (expected < kCount) {
    const std::size_t n = ring.Pop(out);
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], expected++);
    if (n > 0) continue;
    consumer.Prepare();
    if (ring.EmptyForSleep()) {
      consumer.Sleep(std::nullopt);
    } else {
      consumer.Cancel();
    }
  }
  producer.join();
}

}  // namespace
}  // namespace lb::dataplane
