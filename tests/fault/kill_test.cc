// kill -9 at any moment: nothing that was acknowledged is lost, nothing is
// half there, and the files are whole.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>

#include "controller/core/audit.h"
#include "controller/store/audit_rows.h"
#include "controller/store/sqlite.h"
#include "gtest/gtest.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace lb::controller {
namespace {

constexpr int kKillsOfADirectory = 50;
constexpr std::chrono::milliseconds kPatience{60'000};

struct Acknowledged {
  std::uint64_t revision = 0;
  std::string hash;
};
using AcknowledgedBySequence = std::map<std::uint64_t, Acknowledged>;

// Adds the whole lines of `out`.
void Parse(const std::string& out, AcknowledgedBySequence& acknowledged) {
  std::istringstream lines(out.substr(0, out.rfind('\n') + 1));
  std::uint64_t sequence = 0;
  Acknowledged one;
  while (lines >> one.revision >> sequence >> one.hash) {
    acknowledged[sequence] = one;
  }
}

// Runs the program for a random while from its start, or from its first
// commit, and kills it.
void RunAndKill(const std::string& directory, std::mt19937& random,
                AcknowledgedBySequence& acknowledged) {
  const std::vector<std::string> argv = {LB_COMMIT_FOREVER, directory};
  auto process = Process::Start(argv);
  ASSERT_TRUE(process.ok()) << process.status();
  if (random() % 5 != 0) {
    ASSERT_TRUE((*process)->WaitUntil(
        [&] { return !(*process)->out().empty(); }, kPatience))
        << (*process)->err();
  }
  const std::chrono::milliseconds while_it_runs(random() % 25);
  (*process)->WaitUntil([] { return false; }, while_it_runs);
  (*process)->Signal(SIGKILL);
  const auto ended = (*process)->Wait(kPatience);
  ASSERT_TRUE(ended.ok()) << ended.status();
  ASSERT_EQ(ended->signal, SIGKILL) << ended->err;
  Parse(ended->out, acknowledged);
}

void CheckAudit(Connection& db, const AcknowledgedBySequence& acknowledged) {
  const auto records = ReadAuditAfter(db, 0, 1'000'000);
  ASSERT_TRUE(records.ok()) << records.status();
  AuditHead head;
  const absl::Status whole = ContinueChain(*records, head);
  EXPECT_TRUE(whole.ok()) << whole;
  for (const auto& [sequence, one] : acknowledged) {
    ASSERT_LE(sequence, records->size()) << "was acknowledged and is lost";
    const AuditRecord& record = records->at(sequence - 1);
    EXPECT_EQ(record.revision, one.revision);
    EXPECT_EQ(ToHex(record.hash), one.hash);
  }
}

// Every change has a plan, its inputs, two moves, an event, an audit record
// and a request: there is as much of each as there were changes.
void CheckChanges(Connection& db) {
  const std::int64_t changes =
      db.QueryInt("SELECT revision FROM identity").value();
  for (const char* counted :
       {"count(*) FROM plans", "max(epoch) FROM plans",
        "count(*) FROM plan_inputs", "count(*) / 2.0 FROM moves",
        "count(*) FROM events", "max(revision) FROM events",
        "count(*) FROM audit", "count(*) FROM requests",
        "count(*) FROM audit JOIN events USING (revision) "
        "JOIN requests USING (revision)",
        "count(*) FROM events JOIN plans ON plans.host = events.host "
        "AND epoch = revision AND message LIKE 'hosts/a/plans/' || epoch || "
        "': %'"}) {
    EXPECT_EQ(db.QueryInt(std::string("SELECT ") + counted).value(), changes)
        << counted;
  }
  EXPECT_EQ(
      db.QueryInt("SELECT coalesce(sum(length(bytes)), 0) FROM plan_inputs")
          .value(),
      db.QueryInt("SELECT inputs_bytes FROM identity").value());
}

void CheckFile(const std::string& path,
               const std::function<void(Connection&)>& check) {
  if (!std::filesystem::exists(path)) return;  // killed before it was made
  auto db = Connection::Open(path, false);
  ASSERT_TRUE(db.ok()) << db.status();
  EXPECT_EQ(db->QueryText("PRAGMA quick_check").value(), "ok");
  check(*db);
}

TEST(Kill, LosesSplitsAndDamagesNothing) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  std::optional<TempDir> directory;
  AcknowledgedBySequence acknowledged;
  std::size_t committed = 0;
  for (int kill = 0; kill < LB_KILLS; ++kill) {
    if (kill % kKillsOfADirectory == 0) {
      acknowledged.clear();
      directory.emplace();
    }
    SCOPED_TRACE(testing::Message() << "kill " << kill);
    RunAndKill(directory->path(), random, acknowledged);
    CheckFile(directory->File("control.db"), [&](Connection& db) {
      CheckAudit(db, acknowledged);
      CheckChanges(db);
    });
    CheckFile(directory->File("telemetry.db"), [](Connection&) {});
    committed = std::max(committed, acknowledged.size());
    if (HasFailure()) return;
  }
  EXPECT_GT(committed, 100U);
}

}  // namespace
}  // namespace lb::controller
