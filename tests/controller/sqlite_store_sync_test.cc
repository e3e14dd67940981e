// When the store's files are synced, and what a sync that failed means.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "controller/store/held_database.h"
#include "tests/controller/sqlite_store_fixture.h"
#include "tests/controller/sync_watch.h"

namespace lb::controller {
namespace {

class SyncTest : public SqliteStoreTest {
 protected:
  SyncWatch watch_;  // outlives what the tests open
};

TEST_F(SyncTest, EveryCommitIsSynced) {
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  for (int i = 0; i < 3; ++i) {
    const int before = watch_.Count(File("control.db-wal"));
    ASSERT_TRUE(CommitNow(**store, HostChange("a")).ok());
    EXPECT_GT(watch_.Count(File("control.db-wal")), before);
  }
}

// What it had written is found by who reads the log again, and is not on the
// disk: no plan may be sent that rests on it.
TEST_F(SyncTest, WhatADiskDoesNotTakeIsNotCommitted) {
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(CommitNow(**store, PlanChange("a")).ok());
  watch_.FailAll(File("control.db-wal"));
  const Epoch before(1);
  for (int i = 0; i < 3; ++i) {
    const auto failed = CommitNow(**store, PlanChange("a"));
    EXPECT_TRUE(absl::IsUnavailable(failed.status())) << failed.status();
  }
  watch_.Heal();
  const auto next = CommitNow(**store, PlanChange("a"));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_GT(next->epoch, before);
  EXPECT_EQ(Load(**store).revision, next->revision);
}

// Where the log can be given up, what was written is not found any more:
// neither now nor after a restart.
TEST_F(SyncTest, ACommitWhoseSyncFailedWasNotMade) {
  {
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(CommitNow(**store, PlanChange("a")).ok());
    watch_.FailNext(File("control.db-wal"));
    const auto failed = CommitNow(**store, PlanChange("a"));
    EXPECT_TRUE(absl::IsUnavailable(failed.status())) << failed.status();
    EXPECT_EQ(Load(**store).revision, 1U);
    const auto next = CommitNow(**store, PlanChange("a"));
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_EQ(next->epoch, Epoch(2));
    EXPECT_EQ(next->revision, 2U);
  }
  EXPECT_EQ(Count("control.db", "plans"), 2);
  EXPECT_EQ(Query("control.db", "SELECT revision FROM identity"), 2);
}

// The file itself is only written when the log is long.
TEST_F(SyncTest, ALongLogIsBroughtIntoTheFile) {
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  const int before = watch_.Count(File("control.db"));
  ASSERT_TRUE(CommitNow(**store, PlanChange("a")).ok());
  EXPECT_EQ(watch_.Count(File("control.db")), before);
  Change large = PlanChange("a");
  large.plan->inputs.bytes = std::string(HeldDatabase::kLongLog * 4'096, 'x');
  ASSERT_TRUE(CommitNow(**store, large).ok());
  ASSERT_TRUE(CommitNow(**store, PlanChange("a")).ok());
  EXPECT_GT(watch_.Count(File("control.db")), before);
}

TEST_F(SyncTest, TelemetryIsSyncedOnceASecond) {
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  const auto append_syncs = [&] {
    using Rows = std::vector<StoredProcessorSample>;
    const int before = watch_.Count(File("telemetry.db-wal"));
    (*store)->Append(SampleProcessors("a", At(1)));
    const auto written = Await<Rows>([&](Store::Callback<Rows> done) {
      (*store)->ListProcessorSamples({.host = "a"}, std::move(done));
    });
    EXPECT_TRUE(written.ok()) << written.status();
    return watch_.Count(File("telemetry.db-wal")) > before;
  };
  EXPECT_TRUE(append_syncs());
  EXPECT_FALSE(append_syncs());
  clock_.Advance(std::chrono::milliseconds(999));
  EXPECT_FALSE(append_syncs());
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(append_syncs());
  EXPECT_FALSE(append_syncs());
}

}  // namespace
}  // namespace lb::controller
