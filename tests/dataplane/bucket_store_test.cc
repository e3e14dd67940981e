#include "dataplane/engine/bucket_store.h"

#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

TEST(BucketStore, AFreshStateSharesNothingWithOneStillInUse) {
  const auto pool = *ConnectionPool::Create(100);
  ConnectionCache cache(*pool);
  BucketStore store(*pool, 64);
  const BucketId id(5);
  Bucket& first = store.First(id);
  const ConnectionIndex index = cache.Allocate();
  (*pool)[index].hash = 5;
  first.table->Insert(index);
  first.interval.served = 3;

  Bucket& second = store.TakeFresh(id, 70);
  EXPECT_EQ(second.id, id);
  EXPECT_NE(&second, &first);
  EXPECT_EQ(second.table->Find(5, (*pool)[index].key), kNoConnection);
  EXPECT_EQ(second.wheel.NextDue(), kNever);
  second.interval.served = 4;
  EXPECT_EQ(store.served(id), 7u);
  EXPECT_EQ(store.connections(), 1u);

  // Given back, a state serves again before another is made, and what was
  // served in it still counts.
  first.table->Erase(index);
  store.PutBack(first);
  Bucket& third = store.TakeFresh(id, 80);
  EXPECT_EQ(&third, &first);
  EXPECT_EQ(third.interval.served, 0u);
  EXPECT_EQ(store.served(id), 7u);
  EXPECT_NE(&store.TakeFresh(id, 80), &second);
  EXPECT_NE(&store.TakeFresh(BucketId(6), 80), &store.First(BucketId(6)));
  cache.Free(index);
}

}  // namespace
}  // namespace lb::dataplane
