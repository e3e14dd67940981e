// What auditors read: the examples of docs/history-schema.md on a backup of a
// store in which everything happened once.
#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/controller/sqlite_store_fixture.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

std::string Document() {
  std::ifstream file(LB_SOURCE_DIR "/docs/history-schema.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

// The queries of the section that begins with this heading.
std::vector<std::string> Examples(const std::string& heading) {
  std::string document = Document();
  document.erase(0, document.find("\n## " + heading + "\n") + 1);
  document.erase(document.find("\n## "));
  const std::string opening = "```sql\n";
  std::vector<std::string> examples;
  for (std::size_t at = document.find(opening); at != std::string::npos;
       at = document.find(opening, at)) {
    at += opening.size();
    examples.push_back(document.substr(at, document.find("```", at) - at));
  }
  return examples;
}

class HistoryTest : public SqliteStoreTest {
 protected:
  void SetUp() override {
    auto store =
        Open({.inputs = {.age = std::chrono::hours(24) * 365, .bytes = 20}})
            .value();
    Change change = HostChange("a");
    change.policy = {.policy = balance::Policy()};
    Commit(*store, change);
    change.policy = {.host = "a", .policy = balance::Policy()};
    Commit(*store, change);
    change = PlanChange("a");
    change.plan->policy_revision = 2;
    change.audit = SampleAudit("hosts/a");
    change.request = SampleRequest("id", At(5));
    Commit(*store, change);
    Commit(*store, ProposalChange("a"));
    Commit(*store, Applied());
    Commit(*store, DecisionChange("a"));
    for (const int second : {10, 11, 70}) {
      ProcessorSample report = SampleProcessors("a", At(second));
      report.processors[2].in_service = false;
      store->Append(report);
    }
    change = {};
    HostIntentChange& intent = change.intent.emplace();
    intent.host = "a";
    intent.intent.drained = {ProcessorId(0), ProcessorId(1)};
    intent.intent.pins = {{BucketId(1), ProcessorId(0)}};
    intent.intent.pause.emplace().reason = "storm";
    Commit(*store, change);
    clock_.Advance(std::chrono::minutes(2));
    Commit(*store, HostChange("b"));  // prunes
    std::uint64_t revision = 0;
    do {
      revision = Load(*store).revision;
    } while (Load(*store).revision != revision);
    ASSERT_TRUE(BackUp(*store, File("backup")).ok());
  }

  static void Commit(Store& store, const Change& change) {
    const auto committed = CommitNow(store, change);
    ASSERT_TRUE(committed.ok()) << committed.status();
  }
  static Change Applied() {
    Change change;
    change.event = SampleEvent("a", EventKind::kPlanMeasured);
    change.update = {
        .id = 1,
        .state = PlanState::kMeasured,
        .result_time = At(30),
        .moves = {{SamplePlan("a").moves[0].move, MoveOutcome::kMoved,
                   std::chrono::microseconds(1'500)}},
        .cost = Counters{.lost = 0},
        .imbalance_achieved = 1.5,
        .utilization_achieved = {0.5, 0.25}};
    return change;
  }

  Connection Control() {
    return Connection::Open(File("backup/control.db"), false).value();
  }
  Connection Telemetry() {
    return Connection::Open(File("backup/telemetry.db"), false).value();
  }
  // The first row, "column=value" for each, as text.
  static std::string FirstRow(Connection& db, const std::string& sql) {
    auto select = db.Prepare(sql);
    EXPECT_TRUE(select.ok()) << sql << select.status();
    if (!select.ok() || !select->Step().value_or(false)) return "";
    std::string row;
    for (int i = 0; i < select->columns(); ++i) {
      absl::StrAppend(&row, i == 0 ? "" : "|", select->Text());
    }
    return row;
  }
};

TEST_F(HistoryTest, EveryExampleOfTheDocumentFindsSomething) {
  struct Asked {
    const char* heading;
    Connection db;
    std::size_t examples;
  };
  for (Asked& file :
       std::array{Asked{"Questions", Control(), 6},
                  Asked{"Questions to telemetry.db", Telemetry(), 4}}) {
    const std::vector<std::string> examples = Examples(file.heading);
    EXPECT_GE(examples.size(), file.examples);
    for (const std::string& example : examples) {
      EXPECT_NE(FirstRow(file.db, example), "") << example;
    }
  }
}

TEST_F(HistoryTest, MinutesAndHoursAreReadByPlainSql) {
  Connection db = Telemetry();
  for (const char* view : {"v_processor_minutes", "v_processor_hours"}) {
    const std::string all = absl::StrCat(
        "SELECT time, processor, utilization, max_utilization, "
        "busy_s, packets, reports FROM ",
        view, " WHERE host = 'a' AND processor = ");
    EXPECT_EQ(FirstRow(db, all + "1"),
              "2026-01-01T00:00:00.000Z|1|0.7|0.7|1.4|0|2");
    EXPECT_EQ(FirstRow(db, all + "2"), "2026-01-01T00:00:00.000Z|2|||0.0|0|2");
  }
}

TEST_F(HistoryTest, ViewsSayItInWordsAndReadableUnits) {
  Connection db = Control();
  EXPECT_EQ(FirstRow(db,
                     "SELECT name, create_time, result_time, state, moves, "
                     "moves_made, imbalance_achieved, max_pause_ms, lost, "
                     "digest, has_inputs FROM v_plans"),
            "hosts/a/plans/1|2026-01-01T00:00:10.000Z|"
            "2026-01-01T00:00:30.000Z|MEASURED|2|1|1.5|1.5|0|"
            "fedcba9876543210|0");
  EXPECT_EQ(FirstRow(db, "SELECT name FROM v_plans WHERE plan_id = 2"),
            "hosts/a/proposals/2");
  EXPECT_EQ(FirstRow(db,
                     "SELECT plan, bucket, from_processor, to_processor, "
                     "outcome, pause_ms FROM v_moves "
                     "ORDER BY plan_id, ordinal"),
            "hosts/a/plans/1|2|0|1|MOVED|1.5");
  EXPECT_EQ(FirstRow(db,
                     "SELECT time, host, kind, message FROM v_events "
                     "WHERE revision = 3"),
            "2026-01-01T00:00:20.000Z|a|PLAN_SENT|"
            "hosts/a/plans/1: what happened");
  EXPECT_EQ(FirstRow(db,
                     "SELECT name, time, verdict, has_inputs "
                     "FROM v_decisions"),
            "hosts/a/decisions/6|2026-01-01T00:00:20.000Z|NOT_SIGNIFICANT|1");
  EXPECT_EQ(FirstRow(db, "SELECT time, caller, role, outcome FROM v_audit"),
            "2026-01-01T00:00:40.000Z|socket:operator|operator|OK");
  EXPECT_EQ(FirstRow(db,
                     "SELECT drained, pins, pause, own_policy "
                     "FROM v_hosts"),
            "0,1|1|storm|2");
  EXPECT_EQ(FirstRow(db,
                     "SELECT name, create_time FROM v_policies "
                     "WHERE revision = 2"),
            "hosts/a/policy|2026-01-01T00:00:20.000Z");
}

TEST_F(HistoryTest, TheDocumentNamesEveryTableColumnAndView) {
  for (const char* file : {"control.db", "telemetry.db"}) {
    std::string document = Document();
    document.erase(0, document.find(absl::StrCat("## Views of ", file)));
    Connection db =
        Connection::Open(File(absl::StrCat("backup/", file)), false).value();
    auto names = db.Prepare(
        "SELECT m.type, m.name, c.name FROM sqlite_master AS m "
        "JOIN pragma_table_info(m.name) AS c "
        "WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'");
    ASSERT_TRUE(names.ok()) << names.status();
    int columns = 0;
    while (names->Step().value()) {
      const std::string type = names->Text();
      const std::string name = names->Text();
      const std::string column = names->Text();
      ++columns;
      if (type == "view") {
        EXPECT_THAT(document, HasSubstr("| `" + name + "` |"));
        continue;
      }
      const std::size_t section = document.find("### " + name + "\n");
      ASSERT_NE(section, std::string::npos) << name;
      const std::size_t next = document.find("\n##", section + 1);
      EXPECT_THAT(document.substr(section, next - section),
                  HasSubstr("`" + column + "`"))
          << name;
    }
    EXPECT_GT(columns, 10);
  }
}

}  // namespace
}  // namespace lb::controller
