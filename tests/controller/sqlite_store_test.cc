// The store on real files: reopening, permissions, refusals, a full disk.
#include "controller/store/sqlite_store.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>

#include "controller/store/row_codec.h"
#include "gmock/gmock.h"
#include "tests/controller/file_size_limit.h"
#include "tests/controller/sqlite_store_fixture.h"
#include "tests/controller/store_samples.h"
#include "tests/support/damage_file.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

TEST_F(SqliteStoreTest, EveryStartTakesTheNextTermOfTheSameStore) {
  std::string store_id;
  for (std::uint64_t term = 1; term <= 3; ++term) {
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_EQ((*store)->identity().term, Term(term));
    if (term == 1) store_id = (*store)->identity().store_id;
    EXPECT_EQ((*store)->identity().store_id, store_id);
    EXPECT_EQ(store_id.size(), 32U);
  }
}

TEST_F(SqliteStoreTest, FilesAreTheOwnersAlone) {
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(CommitNow(**store, HostChange("a")).ok());
  EXPECT_EQ(Mode(directory_.path()), 0700U);
  for (const auto& entry :
       std::filesystem::directory_iterator(directory_.path())) {
    EXPECT_EQ(Mode(entry.path()), 0600U) << entry.path();
  }
}

TEST_F(SqliteStoreTest, ASharedDirectoryOfOthersIsLeftAlone) {
  std::ofstream(File("letter.txt")) << "dear";
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  const auto store = Open();
  EXPECT_TRUE(absl::IsPermissionDenied(store.status()));
  EXPECT_EQ(Mode(directory_.path()), 0755U);
  EXPECT_FALSE(std::filesystem::exists(File("control.db")));
}

TEST_F(SqliteStoreTest, TelemetryIsKept) {
  ProcessorSample sample;
  sample.host = "a";
  sample.time = At(1);
  sample.interval = std::chrono::seconds(1);
  sample.processors.resize(3);
  BucketSample buckets;
  buckets.host = "a";
  buckets.buckets = {{BucketId(3), 7, 1, 1, false}};
  {
    const auto store = Open();
    for (int i = 0; i < 5; ++i) (*store)->Append(sample);
    (*store)->Append(buckets);
  }
  EXPECT_EQ(Count("telemetry.db", "processor_samples"), 5);
  EXPECT_EQ(Count("telemetry.db", "bucket_samples"), 1);
  auto db = Connection::Open(File("telemetry.db"), false);
  auto row = db->Prepare("SELECT processors FROM processor_samples LIMIT 1");
  ASSERT_TRUE(row->Step().value());
  EXPECT_EQ(UnpackProcessors(row->Blob())->size(), 3U);
}

TEST_F(SqliteStoreTest, ASecondProcessFindsItHeld) {
  const auto store = Open();
  ASSERT_TRUE(store.ok());
  const auto second = Open();
  EXPECT_EQ(ExitCodeOf(second.status()), kExitStoreBusy) << second.status();
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("is held by process"));
}

// Also one that does not know of the lock file, such as sqlite3.
TEST_F(SqliteStoreTest, AFileHeldByAnyOtherProgramIsBusy) {
  ASSERT_TRUE(Open().ok());
  auto other = Connection::Open(File("control.db"), false);
  ASSERT_TRUE(other
                  ->Execute("PRAGMA locking_mode = EXCLUSIVE; "
                            "BEGIN EXCLUSIVE; COMMIT;")
                  .ok());
  const auto store = Open();
  EXPECT_EQ(ExitCodeOf(store.status()), kExitStoreBusy) << store.status();
}

struct Damage {
  const char* name;
  std::function<void(SqliteStoreTest&, const std::string& directory)> spoil;
  const char* words;
};

class DamageTest : public SqliteStoreTest,
                   public testing::WithParamInterface<Damage> {};

void AlterFile(const std::string& path, const std::string& sql) {
  auto db = Connection::Open(path, false);
  ASSERT_TRUE(db.ok()) << db.status();
  ASSERT_TRUE(db->Execute(sql).ok());
}

TEST_P(DamageTest, IsRefusedWithTheNextStepAndLeftAsItIs) {
  {
    const auto store = Open();
    for (int i = 0; i < 200; ++i) {
      (*store)->Commit(PlanChange("a"), [](const auto& done) {
        EXPECT_TRUE(done.ok()) << done.status();
      });
    }
  }
  GetParam().spoil(*this, directory_.path());
  std::map<std::string, std::uintmax_t> sizes;
  for (const char* name : {"control.db", "telemetry.db"}) {
    std::error_code error;
    sizes[name] = std::filesystem::file_size(File(name), error);
  }
  const auto store = Open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(ExitCodeOf(store.status()), kExitDamagedStore) << store.status();
  const std::string line = OneLine(store.status());
  EXPECT_THAT(line, HasSubstr(GetParam().words));
  EXPECT_THAT(line, HasSubstr(directory_.path()));
  EXPECT_THAT(line, testing::AnyOf(HasSubstr("; restore"), HasSubstr("; use"),
                                   HasSubstr("; move")));
  for (const char* name : {"control.db", "telemetry.db"}) {
    std::error_code error;
    EXPECT_EQ(std::filesystem::file_size(File(name), error), sizes[name]);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DamageTest,
    testing::Values(
        Damage{"newer",
               [](auto&, const std::string& d) {
                 AlterFile(d + "/control.db", "PRAGMA user_version = 99");
               },
               "has version 99, this program knows 3"},
        Damage{"foreign",
               [](auto&, const std::string& d) {
                 AlterFile(d + "/control.db", "PRAGMA application_id = 5");
               },
               "is not a control database"},
        Damage{"swapped",
               [](auto&, const std::string& d) {
                 std::filesystem::copy_file(
                     d + "/telemetry.db", d + "/control.db",
                     std::filesystem::copy_options::overwrite_existing);
               },
               "is not a control database"},
        Damage{"no_database",
               [](auto&, const std::string& d) {
                 std::ofstream(d + "/control.db", std::ios::trunc)
                     << std::string(10'000, 'x');
               },
               "file is not a database"},
        Damage{"zero_length",
               [](auto&, const std::string& d) {
                 std::ofstream(d + "/control.db", std::ios::trunc);
               },
               "is empty"},
        Damage{"emptied",
               [](auto&, const std::string& d) {
                 AlterFile(d + "/control.db", "DELETE FROM identity");
               },
               "was emptied"},
        Damage{"table_missing",
               [](auto&, const std::string& d) {
                 AlterFile(d + "/control.db", "DROP TABLE identity");
               },
               "no such table"},
        Damage{"schema_format",
               [](auto&, const std::string& d) {
                 DamageFile(d + "/control.db", 44, 4);
               },
               "unsupported file format"},
        Damage{"page",
               [](auto&, const std::string& d) {
                 for (int page = 20; page < 40; ++page) {
                   DamageFile(d + "/control.db", page * 4'096 + 100, 2'000);
                 }
               },
               "control.db"},
        Damage{"truncated",
               [](auto&, const std::string& d) {
                 std::filesystem::resize_file(d + "/control.db", 50'000);
               },
               "control.db"},
        Damage{"missing",
               [](auto&, const std::string& d) {
                 std::filesystem::remove(d + "/control.db");
               },
               "is missing beside telemetry.db"},
        Damage{"telemetry_of_another_store",
               [](auto&, const std::string& d) {
                 AlterFile(d + "/telemetry.db",
                           "UPDATE identity SET store_id = 'other'");
               },
               "belongs to store other"},
        Damage{"telemetry_garbage",
               [](auto&, const std::string& d) {
                 std::ofstream(d + "/telemetry.db", std::ios::trunc)
                     << std::string(10'000, 'x');
               },
               "telemetry.db"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(SqliteStoreTest, TelemetryThatWasSetAsideBeginsAnew) {
  ASSERT_TRUE(Open().ok());
  std::filesystem::remove(File("telemetry.db"));
  EXPECT_TRUE(Open().ok());
}

TEST_F(SqliteStoreTest, ACreationThatWasCutShortIsBegunAgain) {
  std::ofstream(File("control.db.new")) << "half a file";
  std::ofstream(File("control.db.new-journal")) << "and its journal";
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_FALSE(std::filesystem::exists(File("control.db.new")));
}

TEST_F(SqliteStoreTest, AFullDiskFailsCommitsAndHeals) {
  const auto store = Open();
  ASSERT_TRUE(store.ok());
  Change change = PlanChange("a");
  change.audit = SampleAudit("hosts/a");
  const AuditHead head = CommitNow(**store, change)->head;
  {
    const FileSizeLimit limit(
        std::filesystem::file_size(File("control.db-wal")) + 1);
    change.adopt = Term(9);
    const auto failed = CommitNow(**store, change);
    EXPECT_TRUE(absl::IsUnavailable(failed.status())) << failed.status();
    EXPECT_EQ((*store)->identity().term, Term(1));
    EXPECT_EQ(Load(**store).head, head);
    const auto found = Await<PlanRecord>([&](Store::Callback<PlanRecord> done) {
      (*store)->GetPlan("a", Epoch(1), std::move(done));
    });
    EXPECT_TRUE(found.ok()) << found.status();
  }
  const auto healed = CommitNow(**store, change);
  ASSERT_TRUE(healed.ok()) << healed.status();
  EXPECT_EQ(healed->epoch, Epoch(2));
  EXPECT_EQ(healed->revision, 2U);
  EXPECT_EQ(healed->head.sequence, 2U);
  EXPECT_EQ((*store)->identity().term, Term(9));
}

TEST_F(SqliteStoreTest, ATelemetryThatFailsLeavesCommitsAlone) {
  const auto store = Open();
  ASSERT_TRUE(store.ok());
  const auto count = [&] {
    using Rows = std::vector<StoredProcessorSample>;
    const auto rows = Await<Rows>([&](Store::Callback<Rows> done) {
      (*store)->ListProcessorSamples({.host = "a", .limit = 10'000},
                                     std::move(done));
    });
    return rows.ok() ? rows->size() : 0;
  };
  ProcessorSample sample = SampleProcessors("a", At(1));
  sample.processors.resize(1'000);
  for (int i = 0; i < 20; ++i) (*store)->Append(sample);
  EXPECT_EQ(count(), 20U);
  {
    const std::uintmax_t telemetry =
        std::filesystem::file_size(File("telemetry.db-wal"));
    ASSERT_GT(telemetry,
              std::filesystem::file_size(File("control.db-wal")) + 100'000);
    const FileSizeLimit limit(telemetry);
    (*store)->Append(sample);
    EXPECT_TRUE(CommitNow(**store, PlanChange("a")).ok());
    EXPECT_EQ(count(), 20U);
    EXPECT_EQ((*store)->statistics().dropped_samples, 1U);
  }
  (*store)->Append(sample);
  EXPECT_EQ(count(), 21U);
  EXPECT_EQ((*store)->statistics().dropped_samples, 1U);
}

TEST_F(SqliteStoreTest, StatisticsAreTheFilesSizes) {
  const auto store = Open();
  Change big = PlanChange("a");
  big.plan->inputs.bytes = std::string(2'000'000, 'x');
  ASSERT_TRUE(CommitNow(**store, big).ok());
  EXPECT_GE((*store)->statistics().control_bytes, 2'000'000U);
  EXPECT_GT((*store)->statistics().telemetry_bytes, 0U);
  EXPECT_LT((*store)->statistics().telemetry_bytes, 1'000'000U);
}

TEST_F(SqliteStoreTest, ADamagedTelemetryIsSetAsideIfThatIsWanted) {
  {
    const auto store = Open();
    (*store)->Append(SampleProcessors("a", At(1)));
  }
  const std::string bytes(10'000, 'x');
  std::ofstream(File("telemetry.db"), std::ios::trunc) << bytes;
  const absl::Status refused = Open().status();
  EXPECT_EQ(ExitCodeOf(refused), kExitDamagedStore) << refused;
  EXPECT_THAT(OneLine(refused), HasSubstr("have it set aside"));
  {
    const auto store = Open({.set_aside_telemetry = true});
    ASSERT_TRUE(store.ok()) << store.status();
    (*store)->Append(SampleProcessors("a", At(2)));
  }
  const std::string aside = File("telemetry.db.damaged-2026-01-01T000000.000Z");
  EXPECT_EQ(std::filesystem::file_size(aside), bytes.size());
  EXPECT_EQ(Count("telemetry.db", "processor_samples"), 1);
  // One that is whole stays.
  ASSERT_TRUE(Open({.set_aside_telemetry = true}).ok());
  EXPECT_EQ(Count("telemetry.db", "processor_samples"), 1);
}

// It is in force when who asked for it hears of it, not before.
TEST_F(SqliteStoreTest, ATermIsAdoptedWhenThatIsDelivered) {
  EventLoop loop(clock_);
  auto store = SqliteStore::Open(directory_.path(), loop, clock_).value();
  Change change;
  change.adopt = Term(9);
  store->Commit(change, [](const auto& done) { EXPECT_TRUE(done.ok()); });
  EXPECT_EQ(store->identity().term, Term(1));
  store.reset();  // it is committed, and its answer waits
  store = SqliteStore::Open(directory_.path(), loop, clock_).value();
  EXPECT_EQ(store->identity().term, Term(10));
  store->Commit({}, [&](const auto& done) {
    EXPECT_TRUE(done.ok());
    EXPECT_EQ(store->identity().adopted_term, Term(9));
    loop.Stop();
  });
  loop.Run();
}

TEST_F(SqliteStoreTest, ClosingKeepsWhatWasAskedFor) {
  constexpr int kChanges = 500;
  std::atomic<int> answered = 0;
  {
    const auto store = Open();
    for (int i = 0; i < kChanges; ++i) {
      (*store)->Commit(HostChange("a"),
                       [&](const absl::StatusOr<Committed>& done) {
                         answered += done.ok() ? 1 : 0;
                       });
    }
  }
  EXPECT_EQ(answered, kChanges);
  EXPECT_EQ(Count("control.db", "events"), kChanges);
}

// Those asked for after a long page are not kept waiting until it is read.
TEST_F(SqliteStoreTest, CommitsGetTheirTurnWhileALongPageIsRead) {
  constexpr std::uint32_t kEvents = 1'000;
  const auto store = Open();
  for (std::uint32_t i = 0; i < kEvents; ++i) {
    (*store)->Commit({.event = SampleEvent("", EventKind::kPolicyChanged)},
                     [](const auto& done) { EXPECT_TRUE(done.ok()); });
  }
  std::promise<void> all_asked;
  (*store)->Commit({}, [&](const auto&) { all_asked.get_future().wait(); });
  std::vector<std::string> answered;
  std::promise<std::vector<Event>> read;
  (*store)->ListEventsAfter("", 0, kEvents, [&](auto events) {
    answered.push_back("page");
    read.set_value(*std::move(events));
  });
  (*store)->Commit(HostChange("a"),
                   [&](const auto&) { answered.push_back("commit"); });
  all_asked.set_value();
  const std::vector<Event> page = read.get_future().get();
  const auto newest = Await<std::vector<Event>>(
      [&](Store::Callback<std::vector<Event>> callback) {
        (*store)->ListEvents({.host = "", .before = 0, .limit = 600},
                             std::move(callback));
      });
  EXPECT_THAT(answered, testing::ElementsAre("commit", "page"));
  ASSERT_EQ(page.size(), kEvents);
  for (std::uint32_t i = 0; i < kEvents; ++i) {
    EXPECT_EQ(page[i].revision, i + 1);
  }
  ASSERT_EQ(newest->size(), 600U);
  EXPECT_EQ(newest->front().revision, kEvents + 2);
  for (std::uint32_t i = 1; i < 600; ++i) {
    EXPECT_LT(newest->at(i).revision, newest->at(i - 1).revision);
  }
}

TEST_F(SqliteStoreTest, AnswersComeInTheOrderOfTheCallsFromManyThreads) {
  EventLoop loop(SystemClock());
  auto store = SqliteStore::Open(directory_.path(), loop, SystemClock());
  ASSERT_TRUE(store.ok());
  std::vector<std::uint64_t> revisions;  // the loop's
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        (*store)->Commit(HostChange("a"), [&](absl::StatusOr<Committed> done) {
          revisions.push_back(done->revision);
          if (revisions.size() == 200) loop.Stop();
        });
      }
    });
  }
  loop.Run();
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(revisions.size(), 200U);
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(revisions[i], i + 1);
}

}  // namespace
}  // namespace lb::controller
