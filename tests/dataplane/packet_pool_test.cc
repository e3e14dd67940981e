#include "dataplane/engine/packet_pool.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

TEST(PacketPool, EveryDispatcherHasItsShare) {
  PacketPool pool(2, 1, 64);
  std::vector<PacketIndex> out(200);
  ASSERT_EQ(pool.Take(0, out), 64u);
  EXPECT_EQ(std::set<PacketIndex>(out.begin(), out.begin() + 64).size(), 64u);
  EXPECT_EQ(pool.Take(0, out), 0u);
  ASSERT_EQ(pool.Take(1, out), 64u);
  EXPECT_EQ(*std::min_element(out.begin(), out.begin() + 64), 64u);
}

TEST(PacketPool, BuffersComeHomeFromEveryProcessorOnceFlushed) {
  PacketPool pool(2, 2, 64);
  std::vector<PacketIndex> mine(64);
  ASSERT_EQ(pool.Take(1, mine), 64u);
  for (std::size_t i = 0; i < 64; ++i) pool.Return(i % 2, mine[i]);
  std::vector<PacketIndex> again(64);
  EXPECT_EQ(pool.Take(1, again), 0u);
  pool.Flush(0);
  EXPECT_EQ(pool.Take(1, again), 32u);
  pool.Flush(1);
  EXPECT_EQ(pool.Take(1, again), 32u);
  EXPECT_EQ(pool.Take(1, again), 0u);
}

TEST(PacketPool, WhatWasNotUsedCanBePutBack) {
  PacketPool pool(1, 1, 64);
  std::vector<PacketIndex> out(64);
  ASSERT_EQ(pool.Take(0, out), 64u);
  pool.PutBack(0, {out.data(), 10});
  EXPECT_EQ(pool.Take(0, out), 10u);
}

}  // namespace
}  // namespace lb::dataplane
