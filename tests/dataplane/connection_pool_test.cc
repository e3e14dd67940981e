#include "dataplane/core/connection_pool.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

std::unique_ptr<ConnectionPool> Pool(std::uint32_t max_connections) {
  return std::move(ConnectionPool::Create(max_connections)).value();
}

TEST(ConnectionPoolTest, RefusesImpossibleSizes) {
  for (const std::uint32_t size : {0u, 0xffff'ffffu}) {
    const auto pool = ConnectionPool::Create(size);
    ASSERT_EQ(pool.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(pool.status().message().find(std::to_string(size)),
              absl::string_view::npos);
  }
}

TEST(ConnectionPoolTest, HandsOutEveryRecordOnceThenNone) {
  for (const std::uint32_t max : {1u, 63u, 64u, 65u, 1'000u}) {
    SCOPED_TRACE(max);
    const auto pool = Pool(max);
    ConnectionCache cache(*pool);
    std::set<ConnectionIndex> seen;
    for (std::uint32_t i = 0; i < max; ++i) {
      const ConnectionIndex index = cache.Allocate();
      ASSERT_LT(index, max);
      ASSERT_TRUE(seen.insert(index).second);
    }
    EXPECT_EQ(cache.Allocate(), kNoConnection);
    cache.Free(*seen.begin());
    EXPECT_EQ(cache.Allocate(), *seen.begin());
  }
}

TEST(ConnectionPoolTest, ReusedRecordIsAsNew) {
  const auto pool = Pool(1);
  ConnectionCache cache(*pool);
  const ConnectionIndex index = cache.Allocate();
  Connection& connection = (*pool)[index];
  connection.packets = 7;
  connection.round = RoundState::kIdle;
  connection.handler_state = {1, 2};
  cache.Free(index);
  ASSERT_EQ(cache.Allocate(), index);
  EXPECT_EQ(connection.packets, 0u);
  EXPECT_EQ(connection.round, RoundState::kFresh);
  EXPECT_EQ(connection.handler_state[1], 0u);
  EXPECT_EQ(connection.next_in_chain, kNoConnection);
  EXPECT_EQ(connection.wheel_slot, kNotScheduled);
}

TEST(ConnectionPoolTest, WhatOneCacheFreesAnotherMayUse) {
  constexpr std::uint32_t kMax = 1'000;
  const auto pool = Pool(kMax);
  ConnectionCache first(*pool);
  std::vector<ConnectionIndex> taken;
  for (std::uint32_t i = 0; i < kMax; ++i) taken.push_back(first.Allocate());
  for (const ConnectionIndex index : taken) first.Free(index);
  ConnectionCache second(*pool);
  std::uint32_t available = 0;
  while (second.Allocate() != kNoConnection) ++available;
  EXPECT_GE(available, kMax - 2 * ConnectionCache::kBulk);
}

TEST(ConnectionPoolTest, ADestroyedCacheReturnsItsRecords) {
  const auto pool = Pool(100);
  {
    ConnectionCache cache(*pool);
    cache.Free(cache.Allocate());
  }
  ConnectionCache cache(*pool);
  std::set<ConnectionIndex> seen;
  for (int i = 0; i < 100; ++i) seen.insert(cache.Allocate());
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(seen.count(kNoConnection), 0u);
}

// Each thread marks the records it holds; a record held twice is seen.
TEST(ConnectionPoolTest, CachesOnSeveralThreadsNeverShareARecord) {
  constexpr std::uint32_t kMax = 512;
  const auto pool = Pool(kMax);
  std::vector<std::atomic<int>> holders(kMax);
  std::atomic<int> shared{0};
  const auto work = [&] {
    ConnectionCache cache(*pool);
    std::vector<ConnectionIndex> held;
    for (int round = 0; round < 300; ++round) {
      for (int i = 0; i < 150; ++i) {
        const ConnectionIndex index = cache.Allocate();
        if (index == kNoConnection) break;
        if (holders[index].fetch_add(1) != 0) ++shared;
        (*pool)[index].packets = 1;
        held.push_back(index);
      }
      for (const ConnectionIndex index : held) {
        holders[index].fetch_sub(1);
        cache.Free(index);
      }
      held.clear();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared.load(), 0);
}

}  // namespace
}  // namespace lb::dataplane
