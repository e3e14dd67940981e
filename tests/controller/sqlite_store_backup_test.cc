// Backups of a store that is in use.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

#include "gmock/gmock.h"
#include "tests/controller/file_size_limit.h"
#include "tests/controller/sqlite_store_fixture.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class BackupTest : public SqliteStoreTest {
 protected:
  // What is in the directory that backups are made in.
  std::vector<std::string> Made() const {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(place_.path())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  TemporaryDirectory place_;
  std::string copy_ = place_.path() + "/copy";
};

TEST_F(BackupTest, IsAStoreOfItsOwnThatWantsToBeAdopted) {
  auto store = Open().value();
  ASSERT_TRUE(CommitNow(*store, PlanChange("a")).ok());
  Change audited = HostChange("b");
  audited.audit = SampleAudit("hosts/b");
  const AuditHead head = CommitNow(*store, audited)->head;
  store->Append(SampleProcessors("a", At(1)));
  const auto info = BackUp(*store, copy_ + "/");
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->revision, 2U);
  EXPECT_EQ(info->bytes,
            std::filesystem::file_size(copy_ + "/control.db") +
                std::filesystem::file_size(copy_ + "/telemetry.db"));
  EXPECT_EQ(store->identity().fenced, "");
  EXPECT_EQ(Mode(copy_), 0700U);
  EXPECT_EQ(Mode(copy_ + "/control.db"), 0600U);
  EXPECT_EQ(Mode(copy_ + "/telemetry.db"), 0600U);
  EXPECT_THAT(Made(), SizeIs(1));

  const std::string store_id = store->identity().store_id;
  auto restored = SqliteStore::Open(copy_, executor_, clock_);
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ((*restored)->identity().store_id, store_id);
  EXPECT_EQ((*restored)->identity().fenced,
            "restored from a backup of 2026-01-01T00:00:00.000Z, revision 2; "
            "adopt it if the original is gone");
  EXPECT_EQ(Load(**restored).head, head);
  EXPECT_THAT(Load(**restored).hosts, SizeIs(2));
  Change adopt;
  adopt.adopt = Term(9);
  ASSERT_TRUE(CommitNow(**restored, adopt).ok());
  EXPECT_EQ((*restored)->identity().fenced, "");
  restored->reset();
  restored = SqliteStore::Open(copy_, executor_, clock_);
  EXPECT_EQ((*restored)->identity().fenced, "");
  EXPECT_EQ((*restored)->identity().term, Term(10));
  EXPECT_EQ((*restored)->identity().adopted_term, Term(9));
}

TEST_F(BackupTest, CommitsGoOnMeanwhileAndNoneIsHalfInIt) {
  auto store = Open().value();
  Change big = PlanChange("a");
  big.plan->inputs.bytes = std::string(100'000, 'x');
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(CommitNow(*store, big).ok());
  std::promise<absl::StatusOr<BackupInfo>> done;
  std::atomic<bool> ended = false;
  store->BackUp(copy_, [&](absl::StatusOr<BackupInfo> info) {
    ended = true;
    done.set_value(std::move(info));
  });
  int meanwhile = 0;
  Change change = PlanChange("a");
  change.audit = SampleAudit("hosts/a");
  for (; !ended; ++meanwhile) {
    ASSERT_TRUE(CommitNow(*store, change).ok());
  }
  EXPECT_GE(meanwhile, 2);
  const auto info = done.get_future().get();
  ASSERT_TRUE(info.ok()) << info.status();
  auto db = Connection::Open(copy_ + "/control.db", false).value();
  EXPECT_EQ(db.QueryText("PRAGMA integrity_check").value(), "ok");
  EXPECT_EQ(db.QueryText("PRAGMA foreign_key_check").value(), "");
  EXPECT_EQ(db.QueryText("PRAGMA journal_mode").value(), "delete");
  const std::int64_t plans = db.QueryInt("SELECT count(*) FROM plans").value();
  EXPECT_GE(plans, 100);
  EXPECT_EQ(static_cast<std::int64_t>(info->revision), plans);
  EXPECT_EQ(db.QueryInt("SELECT count(*) FROM events").value(), plans);
  EXPECT_EQ(db.QueryInt("SELECT count(*) FROM moves").value(), 2 * plans);
  EXPECT_EQ(db.QueryInt("SELECT count(*) FROM audit").value(), plans - 100);
}

TEST_F(BackupTest, IsRefusedWhereSomethingIsAndWhereNothingCanBe) {
  auto store = Open().value();
  std::filesystem::create_directory(copy_);
  const absl::Status there = BackUp(*store, copy_).status();
  EXPECT_TRUE(absl::IsAlreadyExists(there)) << there;
  EXPECT_THAT(std::string(there.message()), HasSubstr(copy_));
  const absl::Status nowhere =
      BackUp(*store, place_.path() + "/no/copy").status();
  EXPECT_TRUE(absl::IsNotFound(nowhere)) << nowhere;
  EXPECT_THAT(Made(), SizeIs(1));
  EXPECT_TRUE(BackUp(*store, copy_ + "2").ok());
}

TEST_F(BackupTest, ThatFindsNoRoomLeavesNothingAndDisturbsNobody) {
  auto store = Open().value();
  Change big = PlanChange("a");
  big.plan->inputs.bytes = std::string(3'000'000, 'x');
  ASSERT_TRUE(CommitNow(*store, big).ok());
  {
    const FileSizeLimit limit(2'000'000);
    const auto info = BackUp(*store, copy_);
    EXPECT_FALSE(info.ok());
    EXPECT_THAT(Made(), SizeIs(0));
  }
  EXPECT_TRUE(CommitNow(*store, PlanChange("a")).ok());
  EXPECT_TRUE(BackUp(*store, copy_).ok());
}

TEST_F(BackupTest, IsCancelledWhenTheStoreIsClosed) {
  std::vector<absl::StatusOr<BackupInfo>> answers;
  {
    auto store = Open().value();
    ASSERT_TRUE(CommitNow(*store, PlanChange("a")).ok());
    for (const char* name : {"/one", "/two", "/three"}) {
      store->BackUp(place_.path() + name, [&](absl::StatusOr<BackupInfo> info) {
        answers.push_back(std::move(info));
      });
    }
  }
  ASSERT_THAT(answers, SizeIs(3));
  std::size_t made = 0;
  for (const auto& answer : answers) {
    EXPECT_TRUE(answer.ok() || absl::IsCancelled(answer.status()))
        << answer.status();
    made += answer.ok() ? 1 : 0;
  }
  EXPECT_THAT(Made(), SizeIs(made));
}

}  // namespace
}  // namespace lb::controller
