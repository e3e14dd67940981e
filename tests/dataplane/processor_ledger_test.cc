#include "dataplane/engine/processor_ledger.h"

#include <thread>

#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

ProcessorLedger::Entry Entry(std::uint64_t n) {
  ProcessorLedger::Entry entry;
  entry.counters.served = n;
  entry.waiting = n;
  entry.connections = n;
  return entry;
}

TEST(ProcessorLedger, AFenceFreezesTheLastEntryUntilItIsRejoined) {
  ProcessorLedger ledger;
  EXPECT_TRUE(ledger.Commit(Entry(1)));
  EXPECT_TRUE(ledger.Commit(Entry(2)));
  EXPECT_EQ(ledger.entries(), 2u);
  EXPECT_EQ(ledger.Fence().waiting, 2u);
  EXPECT_EQ(ledger.generation(), 1u);
  EXPECT_TRUE(ledger.fenced());
  for (int i = 3; i < 6; ++i) EXPECT_FALSE(ledger.Commit(Entry(7)));
  EXPECT_EQ(ledger.last().waiting, 2u);
  EXPECT_EQ(ledger.entries(), 2u);
  ledger.Rejoin();
  EXPECT_FALSE(ledger.fenced());
  EXPECT_TRUE(ledger.Commit(Entry(8)));
  EXPECT_EQ(ledger.last().waiting, 8u);
  EXPECT_EQ(ledger.Fence().waiting, 8u);
  EXPECT_EQ(ledger.generation(), 2u);
}

// Whenever the fence comes, it finds exactly what was last committed.
TEST(ProcessorLedger, NoEntryComesIntoForceBehindAFence) {
  for (int round = 0; round < 200; ++round) {
    ProcessorLedger ledger;
    std::uint64_t committed = 0;
    std::thread processor([&] {
      while (ledger.Commit(Entry(committed + 1))) ++committed;
    });
    while (ledger.entries() < 3) std::this_thread::yield();
    const ProcessorLedger::Entry last = ledger.Fence();
    processor.join();
    EXPECT_EQ(last.counters.served, committed);
    EXPECT_EQ(last.waiting, committed);
    EXPECT_EQ(last.connections, committed);
  }
}

}  // namespace
}  // namespace lb::dataplane
