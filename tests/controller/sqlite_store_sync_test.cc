// What the store knows to be on the disk, and what it makes of a sync that
// failed.
#include "controller/store/telemetry_db.h"
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
  auto db = TelemetryDb::Open(File("telemetry.db"), "store",
                              std::uint64_t{1} << 30, At(0));
  ASSERT_TRUE(db.ok()) << db.status();
  const auto append_syncs = [&](int milliseconds) {
    const int before = watch_.Count(File("telemetry.db-wal"));
    const Sample sample =
        SampleProcessors("a", At(0) + std::chrono::milliseconds(milliseconds));
    const absl::Status appended = db->Append({&sample, 1});
    EXPECT_TRUE(appended.ok()) << appended;
    return watch_.Count(File("telemetry.db-wal")) > before;
  };
  EXPECT_TRUE(append_syncs(0));
  EXPECT_FALSE(append_syncs(400));
  EXPECT_FALSE(append_syncs(999));
  EXPECT_TRUE(append_syncs(1'000));
  EXPECT_FALSE(append_syncs(900));  // later than others, no clock set back
  EXPECT_FALSE(append_syncs(1'999));
  EXPECT_TRUE(append_syncs(2'000));
  EXPECT_TRUE(append_syncs(500));  // the clock was set back
}

}  // namespace
}  // namespace lb::controller
