#include "dataplane/core/packet_list.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

using ::testing::ElementsAre;

std::vector<PacketIndex> Drain(PacketList& list, Packet* packets) {
  std::vector<PacketIndex> order;
  while (!list.empty()) order.push_back(list.Pop(packets));
  return order;
}

TEST(PacketListTest, FirstInFirstOut) {
  std::vector<Packet> packets(8);
  PacketList list;
  EXPECT_EQ(list.front(), kNoPacket);
  for (const PacketIndex i : {5u, 1u, 7u}) list.Push(packets.data(), i);
  EXPECT_EQ(list.size(), 3u);
  EXPECT_EQ(list.front(), 5u);
  EXPECT_THAT(Drain(list, packets.data()), ElementsAre(5, 1, 7));
  EXPECT_EQ(list.front(), kNoPacket);
  list.Push(packets.data(), 1);
  EXPECT_THAT(Drain(list, packets.data()), ElementsAre(1));
}

TEST(PacketListTest, AppendKeepsOrderAndEmptiesTheOther) {
  std::vector<Packet> packets(8);
  PacketList list;
  PacketList other;
  list.Append(packets.data(), other);
  EXPECT_TRUE(list.empty());
  other.Push(packets.data(), 3);
  other.Push(packets.data(), 2);
  list.Append(packets.data(), other);
  EXPECT_TRUE(other.empty());
  other.Push(packets.data(), 6);
  list.Append(packets.data(), other);
  list.Push(packets.data(), 0);
  EXPECT_EQ(list.size(), 4u);
  EXPECT_THAT(Drain(list, packets.data()), ElementsAre(3, 2, 6, 0));
}

}  // namespace
}  // namespace lb::dataplane
