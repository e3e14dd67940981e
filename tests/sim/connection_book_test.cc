#include "sim/connection_book.h"

#include <set>

#include "gtest/gtest.h"

namespace lb::sim {
namespace {

TEST(ConnectionBook, KnowsABucketsConnections) {
  ConnectionBook book(64, 3, 1);
  const ConnectionIndex a = book.Open(BucketId(5));
  const ConnectionIndex b = book.Open(BucketId(5));
  const ConnectionIndex c = book.Open(BucketId(6));
  EXPECT_EQ(book.CountOpen(BucketId(5)), 2U);
  EXPECT_EQ(book[c].bucket, BucketId(6));
  book.Close(a);
  EXPECT_EQ(book.CountOpen(BucketId(5)), 1U);
  // Its record is at hand for the next one, elsewhere.
  const ConnectionIndex d = book.Open(BucketId(7));
  EXPECT_EQ(book.OfBucket(BucketId(5)).size(), 1U);
  EXPECT_EQ(book.OfBucket(BucketId(5))[0], b);
  EXPECT_EQ(book.OfBucket(BucketId(7))[0], d);
}

TEST(ConnectionBook, ReusesNothingThatIsPending) {
  ConnectionBook book(64, 1, 2);
  const ConnectionIndex first = book.Open(BucketId(0));
  book[first].pending = 1;
  book.Close(first);
  std::set<ConnectionIndex> others;
  for (int i = 0; i < 10; ++i) {
    const ConnectionIndex next = book.Open(BucketId(1));
    others.insert(next);
    book.Close(next);
  }
  EXPECT_FALSE(others.contains(first));
  EXPECT_EQ(book.OfBucket(BucketId(0)).size(), 1U);
  book[first].pending = 0;
  for (int i = 0; i < 4; ++i) book.Close(book.Open(BucketId(2)));
  EXPECT_TRUE(book.OfBucket(BucketId(0)).empty());
}

}  // namespace
}  // namespace lb::sim
