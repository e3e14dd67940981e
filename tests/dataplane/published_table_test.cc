#include "dataplane/engine/published_table.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

std::vector<ProcessorId> AllTo(std::uint16_t processor) {
  return std::vector<ProcessorId>(64, ProcessorId(processor));
}

TEST(PublishedTable, ADispatcherThatNeverEnteredHasPassedEverything) {
  PublishedTable table(2, AllTo(0));
  const std::uint64_t version = table.Publish(AllTo(1));
  EXPECT_TRUE(table.HasPassed(0, version));
  EXPECT_TRUE(table.HasPassed(1, version));
}

TEST(PublishedTable, PassesANewVersionOnlyWhenItEntersAgain) {
  PublishedTable table(1, AllTo(0));
  EXPECT_EQ(table.Enter(0).owner[0], ProcessorId(0));
  const std::uint64_t version = table.Publish(AllTo(1));
  EXPECT_FALSE(table.HasPassed(0, version));
  EXPECT_EQ(table.Enter(0).owner[0], ProcessorId(1));
  EXPECT_TRUE(table.HasPassed(0, version));
}

TEST(PublishedTable, LeavingPassesAndReportsANewerTable) {
  PublishedTable table(1, AllTo(0));
  table.Enter(0);
  EXPECT_TRUE(table.Leave(0));
  table.Enter(0);
  const std::uint64_t version = table.Publish(AllTo(1));
  EXPECT_FALSE(table.Leave(0));
  EXPECT_TRUE(table.HasPassed(0, version));
}

// A dispatcher that enters and leaves at random while tables are published
// never uses a table that HasPassed() said it was done with. Were a table
// freed too early, ThreadSanitizer and AddressSanitizer would say so.
TEST(PublishedTable, NobodyUsesWhatIsPassed) {
  constexpr std::uint64_t kTables = 2'000;
  PublishedTable table(1, AllTo(0));
  std::atomic<std::uint64_t> passed{0};
  std::atomic<bool> stop{false};
  std::thread dispatcher([&] {
    for (std::uint64_t i = 0; !stop.load(); ++i) {
      const std::uint64_t done_with = passed.load();
      const TableVersion& used = table.Enter(0);
      ASSERT_GE(used.version, done_with);
      ASSERT_EQ(used.owner.front(), used.owner.back());
      if (i % 3 == 0) table.Leave(0);
    }
    table.Leave(0);
  });
  for (std::uint64_t i = 1; i <= kTables; ++i) {
    const std::uint64_t version =
        table.Publish(AllTo(static_cast<std::uint16_t>(i % 4)));
    while (!table.HasPassed(0, version)) std::this_thread::yield();
    passed.store(version);
  }
  stop.store(true);
  dispatcher.join();
}

}  // namespace
}  // namespace lb::dataplane
