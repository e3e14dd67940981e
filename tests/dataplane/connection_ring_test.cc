#include "dataplane/core/connection_ring.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>

#include "gtest/gtest.h"
#include "tests/dataplane/connection_records.h"

namespace lb::dataplane {
namespace {

TEST(ConnectionRingTest, TellsWhoIsAheadUntilTheEnd) {
  ConnectionRecords records(8, 0);
  ConnectionRing ring(records.connections(), 8);
  EXPECT_EQ(ring.Ahead(0), kNoConnection);
  for (ConnectionIndex i = 0; i < 4; ++i) ring.PushBack(i);
  EXPECT_EQ(ring.Ahead(0), 0u);
  EXPECT_EQ(ring.Ahead(3), 3u);
  EXPECT_EQ(ring.Ahead(4), kNoConnection);
  ring.Remove(2);
  EXPECT_EQ(ring.Ahead(2), kNoConnection);
  EXPECT_EQ(ring.Ahead(3), 3u);
}

// Room for 4, and up to 40 members: holes are closed and the array grows.
TEST(ConnectionRingProperty, AgreesWithADeque) {
  constexpr std::uint32_t kConnections = 40;
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    ConnectionRecords records(kConnections, 0);
    ConnectionRing ring(records.connections(), 4);
    std::deque<ConnectionIndex> oracle;
    for (int step = 0; step < 20'000; ++step) {
      const auto index = static_cast<ConnectionIndex>(random() % kConnections);
      const auto found = std::find(oracle.begin(), oracle.end(), index);
      if (found != oracle.end()) {
        ring.Remove(index);
        oracle.erase(found);
      } else if (random() % 4 == 0) {
        ring.PushFront(index);
        oracle.push_front(index);
      } else {
        ring.PushBack(index);
        oracle.push_back(index);
      }
      if (!oracle.empty() && random() % 4 == 0) {
        ASSERT_EQ(ring.front(), oracle.front());
        ASSERT_EQ(ring.PopFront(), oracle.front());
        oracle.pop_front();
      }
      ASSERT_EQ(ring.size(), oracle.size()) << "step " << step;
    }
    while (!oracle.empty()) {
      ASSERT_EQ(ring.PopFront(), oracle.front());
      oracle.pop_front();
    }
  }
}

}  // namespace
}  // namespace lb::dataplane
