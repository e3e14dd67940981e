// Files of every earlier version, made by the schema's own first steps.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/open_database.h"
#include "controller/store/row_codec.h"
#include "gmock/gmock.h"
#include "tests/controller/sqlite_store_fixture.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// What a store of that version held, in its own words.
constexpr char kRows[] = R"sql(
INSERT INTO identity VALUES (1, 'old-store', 5, 4, 2);
INSERT INTO terms VALUES (4, 5);
INSERT INTO policies (revision, create_time_ns, mode, planner,
  report_interval_ms, half_life_ms, warm_up_ms, trigger_permille,
  target_permille, floor_permille, z_permille, max_moves_permille,
  bucket_cooldown_ms, return_time_ms, min_gain_permille, damping_permille)
VALUES
  (1, 10, 'advise', 'index', 1000, 5000, 3000, 1100, 1050, 50, 3000, 100,
   30000, 60000, 100, 1000),
  (2, 20, 'auto', 'index', 1000, 5000, 3000, 1234, 1050, 50, 3000, 100,
   30000, 60000, 100, 1000);
INSERT INTO hosts VALUES ('a', 'instance', 'boot', '0.1.0', 7, 64, 'toeplitz',
  'key', zeroblob(128), 4, 1, 1, 1, 1);
INSERT INTO host_processors VALUES ('a', 0, 3, 1000);
INSERT INTO plans (plan_id, host, term, epoch, state, create_time_ns, author,
  reason, policy_revision, base, digest, hash, key_id, owners,
  imbalance_before, imbalance_predicted, bound, indexes, total_index, quotas,
  move_count, max_pause_ns, rejection, planner, algorithm_version)
VALUES
  (1, 'a', 4, 1, 'MEASURED', 1767225630000000000,
   'balancer', 'why', 2, 1, 2, 'toeplitz', 'key',
   zeroblob(128), 1.5, 1.1, 1.0, x'', 64.0, x'', 1, 9, '', 'index', 1),
  (2, 'a', 4, NULL, 'PROPOSED', 1767225640000000000,
   'balancer', 'why', 2, 2, 3, 'toeplitz',
   'key', zeroblob(128), 1.5, 1.1, 1.0, x'', 64.0, x'', 0, 0, '', 'index', 1);
INSERT INTO plan_inputs VALUES (1, x'0102'), (2, x'030405');
INSERT INTO moves VALUES (1, 0, 3, 0, 1, 77, 'reason', 1, 9);
INSERT INTO events VALUES (1, 10, '', 'POLICY_CHANGED', 'first'),
  (2, 30, 'a', 'PLAN_SENT', 'second');
)sql";

class MigrationTest : public SqliteStoreTest,
                      public testing::WithParamInterface<std::int64_t> {
 protected:
  void MakeOldStore() {
    const Schema& now = ControlSchema();
    const Schema then{
        now.name, now.next_step, now.application_id,
        now.migrations.first(static_cast<std::size_t>(GetParam()))};
    const absl::Status made =
        CreateDatabase(File("control.db"), then,
                       [](Connection& db) { return db.Execute(kRows); });
    ASSERT_TRUE(made.ok()) << made;
  }
};

TEST_P(MigrationTest, KeepsWhatTheOldStoreHeld) {
  MakeOldStore();
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->identity().store_id, "old-store");
  EXPECT_EQ((*store)->identity().term, Term(5));
  EXPECT_EQ((*store)->identity().fenced, "");
  EXPECT_EQ((*store)->identity().adopted_term, Term());
  const StoredState state = Load(**store);
  EXPECT_EQ(state.revision, 2U);
  EXPECT_EQ(state.head, AuditHead());
  EXPECT_FALSE(state.fleet_pause.has_value());
  ASSERT_TRUE(state.policy.has_value());
  EXPECT_EQ(state.policy->revision, 2U);
  const balance::Policy fair_queue;  // its defaults, for policies before it
  EXPECT_EQ(state.policy->policy.trigger_permille, 1'234U);
  EXPECT_EQ(state.policy->policy.fair_queue_quantum,
            fair_queue.fair_queue_quantum);
  EXPECT_EQ(state.policy->policy.fair_queue_limit, fair_queue.fair_queue_limit);
  ASSERT_THAT(state.hosts, SizeIs(1));
  EXPECT_FALSE(state.hosts[0].policy.has_value());
  EXPECT_EQ(state.hosts[0].intent, HostIntent());
  ASSERT_THAT(state.last_plans, SizeIs(1));
  EXPECT_EQ(state.last_plans[0].id, 1U);
  EXPECT_EQ(state.last_plans[0].verdict, "");
  EXPECT_THAT(state.last_plans[0].moves, SizeIs(1));
  ASSERT_THAT(state.open_proposals, SizeIs(1));
  const auto proposal =
      Await<PlanRecord>([&](Store::Callback<PlanRecord> done) {
        (*store)->GetProposal("a", 2, std::move(done));
      });
  ASSERT_TRUE(proposal.ok()) << proposal.status();
  EXPECT_EQ(proposal->inputs.bytes, "\x03\x04\x05");
  // And goes on from there.
  EXPECT_EQ(CommitNow(**store, PlanChange("a"))->epoch, Epoch(2));
  EXPECT_EQ(CommitNow(**store, AuditChange("x"))->revision, 4U);
}

TEST_P(MigrationTest, KeepsTheOldFileBesideIt) {
  MakeOldStore();
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Mode(File("control.db.before-v3")), 0600U);
  EXPECT_EQ(Query("control.db.before-v3", "PRAGMA user_version"), GetParam());
  EXPECT_EQ(Query("control.db.before-v3", "SELECT term FROM identity"), 4);
  EXPECT_EQ(Count("control.db.before-v3", "moves"), 1);
  EXPECT_EQ(QueryText("control.db.before-v3", "PRAGMA integrity_check"), "ok");
  // Only the migration makes it, and it makes the older ones superfluous.
  std::filesystem::rename(File("control.db.before-v3"),
                          File("control.db.before-v2"));
  ASSERT_TRUE(Open().ok());
  EXPECT_FALSE(std::filesystem::exists(File("control.db.before-v3")));
  std::filesystem::remove(File("control.db"));
  MakeOldStore();
  std::filesystem::remove(File("telemetry.db"));
  const auto again = Open();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(std::filesystem::exists(File("control.db.before-v3")));
  EXPECT_FALSE(std::filesystem::exists(File("control.db.before-v2")));
}

TEST_P(MigrationTest, KnowsWhichPolicyHeldWhen) {
  MakeOldStore();
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Query("control.db",
                  "SELECT end_time_ns FROM policies WHERE revision = 1"),
            20);
  EXPECT_EQ(Query("control.db",
                  "SELECT revision FROM policies WHERE end_time_ns IS NULL"),
            2);
  EXPECT_EQ(Query("control.db", "SELECT inputs_bytes FROM identity"), 5);
}

// To go back to it is to restore it, so it must not be taken for the original.
TEST_F(SqliteStoreTest, AnOldFileThatKnowsOfFencesIsFenced) {
  ASSERT_TRUE(Open().ok());
  const Schema& now = ControlSchema();
  std::vector<std::string_view> steps(now.migrations.begin(),
                                      now.migrations.end());
  steps.push_back("CREATE TABLE news (text TEXT) STRICT;");
  ASSERT_TRUE(OpenDatabase(File("control.db"),
                           {now.name, now.next_step, now.application_id, steps},
                           Durability::kEveryCommit)
                  .ok());
  EXPECT_EQ(QueryText("control.db", "SELECT fenced FROM identity"), "");
  const std::string kept =
      absl::StrCat("control.db.before-v", now.version() + 1);
  std::filesystem::rename(File(kept), File("control.db"));
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_THAT((*store)->identity().fenced,
              HasSubstr("that a newer program kept; adopt it"));
}

// Reports from before minutes and hours were kept.
TEST_F(SqliteStoreTest, OldTelemetryIsRolledUp) {
  ASSERT_TRUE(Open().ok());
  const std::string id =
      QueryText("control.db", "SELECT store_id FROM identity");
  std::filesystem::remove(File("telemetry.db"));
  const Schema& now = TelemetrySchema();
  const Schema then{now.name, now.next_step, now.application_id,
                    now.migrations.first(1)};
  const absl::Status made = CreateDatabase(
      File("telemetry.db"), then, [&](Connection& db) -> absl::Status {
        LB_RETURN_IF_ERROR(
            db.Execute("INSERT INTO identity VALUES (1, '" + id + "', 5)"));
        LB_ASSIGN_OR_RETURN(Statement insert,
                            db.Prepare("INSERT INTO processor_samples VALUES "
                                       "('a', ?, 3, 4, 1000000000, ?)"));
        for (int i = 0; i < 90; ++i) {
          const ProcessorSample sample = SampleProcessors("a", At(i));
          LB_RETURN_IF_ERROR(insert.Reset()
                                 .Bind(ToNs(sample.time))
                                 .BindBlob(PackProcessors(sample.processors))
                                 .Run());
        }
        return absl::OkStatus();
      });
  ASSERT_TRUE(made.ok()) << made;
  {
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    (*store)->Append(SampleProcessors("a", At(120)));
  }
  EXPECT_EQ(Query("telemetry.db.before-v3", "PRAGMA user_version"), 1);
  EXPECT_EQ(Count("telemetry.db", "processor_samples"), 91);
  EXPECT_EQ(QueryText("telemetry.db",
                      "SELECT group_concat(reports) FROM processor_minutes"),
            "60,30");
  EXPECT_EQ(Query("telemetry.db", "SELECT reports FROM processor_hours"), 90);
  EXPECT_EQ(Query("telemetry.db", "SELECT rolled_up_row FROM identity"), 90);
}

INSTANTIATE_TEST_SUITE_P(From, MigrationTest, testing::Values(1, 2),
                         [](const auto& param_info) {
                           return "v" + std::to_string(param_info.param);
                         });

}  // namespace
}  // namespace lb::controller
