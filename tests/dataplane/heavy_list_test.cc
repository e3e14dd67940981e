#include "dataplane/engine/heavy_list.h"

#include <array>
#include <cstdint>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

HeavyList::Entry EntryOf(std::uint16_t n) {
  HeavyList::Entry entry;
  entry.hash = 1'000U + n;
  entry.key.source_port = n;
  entry.key.version = IpVersion::kIpv4;
  return entry;
}

bool Has(const HeavyList::Copy& copy, std::uint16_t n) {
  return copy.Find(EntryOf(n).hash, EntryOf(n).key) != nullptr;
}

TEST(HeavyList, ACopyShowsWhatWasLastWritten) {
  HeavyList list;
  HeavyList::Copy copy;
  list.Read(copy);
  EXPECT_TRUE(copy.empty());
  EXPECT_FALSE(Has(copy, 0));
  EXPECT_TRUE(list.Write(std::array{EntryOf(1), EntryOf(2)}));
  EXPECT_TRUE(copy.empty()) << "not read yet";
  list.Read(copy);
  EXPECT_TRUE(Has(copy, 1));
  EXPECT_TRUE(Has(copy, 2));
  EXPECT_FALSE(Has(copy, 3));
  EXPECT_TRUE(list.Write(std::array{EntryOf(3)}));
  list.Read(copy);
  EXPECT_FALSE(Has(copy, 1));
  EXPECT_TRUE(Has(copy, 3));
  EXPECT_TRUE(list.Write({}));
  list.Read(copy);
  EXPECT_TRUE(copy.empty());
}

// Another connection of the same hash has done nothing.
TEST(HeavyList, AHashAloneIsNotEnough) {
  HeavyList list;
  HeavyList::Copy copy;
  ASSERT_TRUE(list.Write(std::array{EntryOf(1)}));
  list.Read(copy);
  EXPECT_EQ(copy.Find(EntryOf(1).hash, EntryOf(2).key), nullptr);
}

// Readers see lists as they were written, whole, and in the end the last one.
TEST(HeavyList, IsReadWholeWhileItIsWritten) {
  constexpr std::uint16_t kLists = 20'000;
  HeavyList list;
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      HeavyList::Copy copy;
      std::uint16_t last = 0;
      while (last != kLists) {
        list.Read(copy);
        if (copy.empty()) continue;
        while (!Has(copy, last)) {
          ASSERT_LT(last, kLists);
          ++last;  // never back
        }
        // With n, n + 1 was written, and nothing else.
        ASSERT_TRUE(Has(copy, last + 1));
        ASSERT_FALSE(Has(copy, last + 2));
      }
    });
  }
  for (std::uint16_t n = 1; n <= kLists; ++n) {
    const std::array entries{EntryOf(n), EntryOf(n + 1)};
    while (!list.Write(entries)) std::this_thread::yield();
  }
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace lb::dataplane
