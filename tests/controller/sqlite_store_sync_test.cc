// What the store knows to be on the disk, and what it makes of a sync that
// failed.
#include <chrono>
#include <utility>
#include <vector>

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

// With the error, nobody knew; so it is read again.
TEST_F(SyncTest, ACommitThatFailedAndIsThereWasMade) {
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(CommitNow(**store, PlanChange("a")).ok());
  watch_.FailNext(File("control.db-wal"));
  const auto doubtful = CommitNow(**store, PlanChange("a"));
  ASSERT_TRUE(doubtful.ok()) << doubtful.status();
  EXPECT_EQ(doubtful->epoch, Epoch(2));
  EXPECT_EQ(Load(**store).revision, 2U);
  EXPECT_EQ(CommitNow(**store, PlanChange("a"))->epoch, Epoch(3));
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
