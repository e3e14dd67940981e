// What keeps the store's files from growing for ever.
#include <algorithm>
#include <filesystem>

#include "gmock/gmock.h"
#include "tests/controller/sqlite_store_fixture.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class PruningTest : public SqliteStoreTest {
 protected:
  std::string InputsOf(Store& store, std::uint64_t epoch) {
    return Await<PlanRecord>([&](Store::Callback<PlanRecord> callback) {
             store.GetPlan("a", Epoch(epoch), std::move(callback));
           })
        ->inputs.bytes;
  }
  static Change Plan(int number) {
    Change change = PlanChange("a");
    change.plan->create_time = At(number);
    change.plan->inputs.bytes = std::string(100, static_cast<char>(number));
    return change;
  }
  static std::vector<AuditRecord> Audit(Store& store) {
    using Records = std::vector<AuditRecord>;
    return Await<Records>([&](Store::Callback<Records> callback) {
             store.ListAuditAfter(0, 1'000, std::move(callback));
           })
        .value();
  }
  // The next commit prunes; then everything that had to go is gone.
  void CommitAndPrune(Store& store) {
    clock_.Advance(std::chrono::minutes(2));
    ASSERT_TRUE(CommitNow(store, HostChange("a")).ok());
    std::uint64_t revision = 0;
    do {  // every step is a commit of its own, queued when the last has ended
      revision = Load(store).revision;
    } while (Load(store).revision != revision);
  }
};

TEST_F(PruningTest, OldInputsGoAndTheAuditHoldsTheirDigest) {
  const auto store = Open({.inputs = {.age = std::chrono::hours(1)}}).value();
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(CommitNow(*store, Plan(i)).ok());
  clock_.Advance(std::chrono::hours(1));
  clock_.Advance(std::chrono::seconds(71) - std::chrono::minutes(2));
  CommitAndPrune(*store);
  EXPECT_EQ(InputsOf(*store, 70), "");
  EXPECT_THAT(InputsOf(*store, 71), SizeIs(100));
  const std::vector<AuditRecord> audit = Audit(*store);
  ASSERT_THAT(audit, SizeIs(2));  // a step takes 64 at most
  AuditHead head;
  EXPECT_TRUE(ContinueChain(audit, head).ok());
  EXPECT_EQ(head, Load(*store).head);
  EXPECT_EQ(audit[0].method, "store/Prune");
  EXPECT_EQ(audit[0].caller, "controller");
  EXPECT_EQ(audit[0].resource, "plan_inputs");
  EXPECT_EQ(audit[0].outcome, "OK");
  EXPECT_THAT(audit[0].reason, HasSubstr("older than 3600 seconds"));
  std::string gone;
  for (int i = 65; i <= 70; ++i) gone += Plan(i).plan->inputs.bytes;
  EXPECT_EQ(audit[1].before, R"({"count":6,"first":65,"last":70,"bytes":600,)"
                             R"("sha256":")" +
                                 ToHex(HashOf(gone)) + R"("})");
}

TEST_F(PruningTest, TheOldestInputsGoWhenThereAreTooMany) {
  auto store = Open({.inputs = {.bytes = 1'000}}).value();
  ASSERT_TRUE(CommitNow(*store, HostChange("a")).ok());
  Change decision = DecisionChange("a");
  decision.decision->time = At(0);
  const std::uint64_t decided = CommitNow(*store, decision)->revision;
  for (int i = 1; i <= 15; ++i) ASSERT_TRUE(CommitNow(*store, Plan(i)).ok());
  CommitAndPrune(*store);
  EXPECT_EQ(InputsOf(*store, 5), "");
  EXPECT_THAT(InputsOf(*store, 6), SizeIs(100));
  const auto read =
      Await<DecisionRecord>([&](Store::Callback<DecisionRecord> callback) {
        store->GetDecision("a", decided, std::move(callback));
      });
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->measurement, "");
  EXPECT_FALSE(read->inputs.has_value());
  EXPECT_EQ(read->reason, "noise");
  const std::vector<AuditRecord> audit = Audit(*store);
  ASSERT_THAT(audit, SizeIs(2));
  EXPECT_EQ(audit[0].resource, "decision_inputs");
  EXPECT_EQ(audit[1].resource, "plan_inputs");
  EXPECT_THAT(audit[1].reason, HasSubstr("more than 1000 bytes"));
  CommitAndPrune(*store);
  EXPECT_THAT(Audit(*store), SizeIs(2));
  store.reset();
  EXPECT_EQ(Query("control.db", "SELECT inputs_bytes FROM identity"), 1'000);
  EXPECT_EQ(Query("control.db",
                  "SELECT coalesce(sum(length(bytes)), 0) FROM plan_inputs"),
            1'000);
}

TEST_F(PruningTest, RequestsGoAfterADay) {
  auto store = Open().value();
  Change change;
  for (int i = 0; i < 20; ++i) {
    change.request = SampleRequest(std::to_string(i), At(i));
    ASSERT_TRUE(CommitNow(*store, change).ok());
  }
  change.request = SampleRequest("a day later", At(24 * 3'600 + 18));
  ASSERT_TRUE(CommitNow(*store, change).ok());
  change.request = SampleRequest("and another", At(24 * 3'600 + 18));
  ASSERT_TRUE(CommitNow(*store, change).ok());
  store.reset();  // 18 were too old, and one change takes 16
  EXPECT_EQ(Count("control.db", "requests"), 4);
}

TEST_F(PruningTest, TelemetryStaysWithinItsLimitAndKeepsTheNewest) {
  constexpr std::uint64_t kLimit = 400'000;
  auto store = Open({.telemetry_limit_bytes = kLimit}).value();
  ProcessorSample sample = SampleProcessors("a", At(0));
  sample.processors.resize(64);
  for (int round = 0; round < 400; ++round) {
    for (int i = 0; i < 10; ++i) {
      sample.time = At(10 * round + i);
      store->Append(sample);
    }
    store->Append(SampleBuckets("a", sample.time));
    if (round % 10 != 0) continue;
    using Rows = std::vector<StoredProcessorSample>;
    (void)Await<Rows>([&](Store::Callback<Rows> done) {  // all are in
      store->ListProcessorSamples({.host = "a", .limit = 1}, std::move(done));
    });
  }
  store.reset();
  EXPECT_LE(std::filesystem::file_size(File("telemetry.db")), 3 * kLimit);
  const std::int64_t kept = Count("telemetry.db", "processor_samples");
  EXPECT_GT(kept, 50);
  EXPECT_LT(kept, 2'000);
  EXPECT_EQ(Query("telemetry.db",
                  "SELECT count(*) FROM processor_samples WHERE rowid > "
                  "(SELECT max(rowid) FROM processor_samples) - 50"),
            50);
  // What names reports goes with them.
  EXPECT_GT(Count("telemetry.db", "processor_sample_rows"), 0);
  EXPECT_EQ(Query("telemetry.db",
                  "SELECT count(*) FROM processor_sample_rows WHERE last_row < "
                  "(SELECT min(rowid) FROM processor_samples)"),
            0);
  // Both tables reach back equally far.
  EXPECT_NEAR(static_cast<double>(Query("telemetry.db",
                                        "SELECT min(time_ns) / 1000000000 FROM "
                                        "processor_samples")),
              static_cast<double>(Query(
                  "telemetry.db",
                  "SELECT min(time_ns) / 1000000000 FROM bucket_samples")),
              30);
}

// Whoever reads page by page goes on after rows that went meanwhile.
TEST_F(PruningTest, APageWhoseLastRowIsGoneIsContinued) {
  auto store = Open().value();
  for (int i = 0; i < 10; ++i) store->Append(SampleProcessors("a", At(i)));
  store.reset();
  Alter("telemetry.db", "DELETE FROM processor_samples WHERE rowid <= 5");
  store = Open().value();
  using Rows = std::vector<StoredProcessorSample>;
  const auto rows = Await<Rows>([&](Store::Callback<Rows> done) {
    store->ListProcessorSamples({.host = "a", .after = 3, .limit = 2},
                                std::move(done));
  });
  std::vector<std::uint64_t> numbers;
  for (const auto& row : *rows) numbers.push_back(row.row);
  EXPECT_THAT(numbers, ElementsAre(6, 7));
}

}  // namespace
}  // namespace lb::controller
