// The store on real files: reopening, permissions, refusals, a full disk, a
// killed process.
#include "controller/store/sqlite_store.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include "controller/store/row_codec.h"
#include "gmock/gmock.h"
#include "tests/controller/store_samples.h"
#include "tests/controller/temporary_directory.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

class SqliteStoreTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<SqliteStore>> Open() {
    return SqliteStore::Open(directory_.path(), executor_, SystemClock());
  }
  std::string File(const std::string& name) const {
    return directory_.path() + "/" + name;
  }
  mode_t Mode(const std::string& path) const {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
  }
  // Runs SQL on a file that nobody has open.
  void Alter(const std::string& name, const std::string& sql) {
    auto db = Connection::Open(File(name), false);
    ASSERT_TRUE(db.ok()) << db.status();
    ASSERT_TRUE(db->Execute(sql).ok());
  }
  std::int64_t Count(const std::string& name, const std::string& table) {
    return Connection::Open(File(name), false)
        ->QueryInt("SELECT count(*) FROM " + table)
        .value();
  }

  balance::Policy StoredPolicy(Store& store) {
    return Await<StoredState>([&](Store::Callback<StoredState> callback) {
             store.LoadState(At(0), std::move(callback));
           })
        ->policy->policy;
  }

  TemporaryDirectory directory_;
  DirectExecutor executor_;
};

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

// A store of before the fair queue was in the policy.
TEST_F(SqliteStoreTest, AnOldPolicyHasTheDefaultsOfWhatCameLater) {
  Change change;
  change.event = SampleEvent("", EventKind::kPolicyChanged);
  change.policy = balance::Policy();
  change.policy->trigger_permille = 1'234;
  change.policy->fair_queue_quantum = std::chrono::microseconds(20);
  change.policy->fair_queue_limit = 3'000;
  ASSERT_TRUE(CommitNow(**Open(), change).ok());
  Alter("control.db",
        "ALTER TABLE policies DROP COLUMN fair_queue_quantum_us; "
        "ALTER TABLE policies DROP COLUMN fair_queue_limit_packets; "
        "PRAGMA user_version = 1;");
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  const balance::Policy expected = {.trigger_permille = 1'234};
  EXPECT_EQ(StoredPolicy(**store), expected);
  ASSERT_TRUE(CommitNow(**store, change).ok());
  EXPECT_EQ(StoredPolicy(**store), *change.policy);
}

TEST_F(SqliteStoreTest, ASecondProcessFindsItHeld) {
  const auto store = Open();
  ASSERT_TRUE(store.ok());
  const auto second = Open();
  EXPECT_EQ(ExitCodeOf(second.status()), kExitStoreBusy) << second.status();
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("is held by another process"));
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
               "has version 99, this program knows 2"},
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
        Damage{"page",
               [](auto&, const std::string& d) {
                 std::fstream file(d + "/control.db", std::ios::in |
                                                          std::ios::out |
                                                          std::ios::binary);
                 for (int page = 20; page < 40; ++page) {
                   file.seekp(page * 4'096 + 100);
                   file << std::string(2'000, '\xa5');
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

// No file of this process may grow beyond `bytes`: what a full disk is.
void LimitFileSize(rlim_t bytes) {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  setrlimit(RLIMIT_FSIZE, &limit);
}

TEST_F(SqliteStoreTest, AFullDiskFailsCommitsAndHeals) {
  std::signal(SIGXFSZ, SIG_IGN);
  const auto store = Open();
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(CommitNow(**store, PlanChange("a")).ok());
  LimitFileSize(std::filesystem::file_size(File("control.db-wal")) + 1);
  const auto failed = CommitNow(**store, PlanChange("a"));
  EXPECT_TRUE(absl::IsUnavailable(failed.status())) << failed.status();
  const auto found = Await<PlanRecord>([&](Store::Callback<PlanRecord> done) {
    (*store)->GetPlan("a", Epoch(1), std::move(done));
  });
  EXPECT_TRUE(found.ok()) << found.status();
  LimitFileSize(RLIM_INFINITY);
  const auto healed = CommitNow(**store, PlanChange("a"));
  ASSERT_TRUE(healed.ok()) << healed.status();
  EXPECT_EQ(healed->epoch, Epoch(2));
  EXPECT_EQ(healed->revision, 2U);
}

// A child commits plans and writes every acknowledged epoch into a pipe until
// it is killed; everything it wrote must be there.
TEST_F(SqliteStoreTest, WhatWasAcknowledgedSurvivesKill) {
  for (int round = 0; round < 5; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe_ends[0]);
      auto store = Open();
      if (!store.ok()) _exit(1);
      for (;;) {
        (*store)->Commit(PlanChange("a"), [&](absl::StatusOr<Committed> done) {
          if (!done.ok()) _exit(2);
          const std::uint64_t epoch = done->epoch.value();
          if (write(pipe_ends[1], &epoch, sizeof(epoch)) != sizeof(epoch)) {
            _exit(3);
          }
        });
      }
    }
    close(pipe_ends[1]);
    std::uint64_t acknowledged = 0;
    std::uint64_t epoch = 0;
    for (int i = 0; i < 20; ++i) {
      ASSERT_EQ(read(pipe_ends[0], &epoch, sizeof(epoch)),
                static_cast<ssize_t>(sizeof(epoch)));
      acknowledged = epoch;
    }
    kill(child, SIGKILL);
    // What it had said before it died counts too.
    while (read(pipe_ends[0], &epoch, sizeof(epoch)) ==
           static_cast<ssize_t>(sizeof(epoch))) {
      acknowledged = epoch;
    }
    close(pipe_ends[0]);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    for (std::uint64_t e = 1; e <= acknowledged; ++e) {
      const auto plan = Await<PlanRecord>([&](Store::Callback<PlanRecord> get) {
        (*store)->GetPlan("a", Epoch(e), std::move(get));
      });
      ASSERT_TRUE(plan.ok()) << "round " << round << " epoch " << e;
      EXPECT_EQ(plan->moves.size(), 2U);
      EXPECT_EQ(plan->inputs.bytes, SamplePlan("a").inputs.bytes);
    }
  }
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
