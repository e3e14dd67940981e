#include "agent/plan_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "agent/durable_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace lb::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

PlanRecord FullRecord() {
  PlanRecord record;
  record.host = "host-a";
  record.store_id = "store-1";
  record.seen_term = Term(3);
  record.seen_epoch = Epoch(0xffff'ffff'ffff'fff0);
  record.term = Term(2);
  record.epoch = Epoch(41);
  record.applying = true;
  Table table{HashKind::kToeplitz, "0011aabb", {}};
  for (int b = 0; b < 64; ++b) table.owner.emplace_back(b % 3);
  record.table = table;
  PlanResult result;
  result.term = Term(2);
  result.epoch = Epoch(41);
  result.state = ApplyState::kPartial;
  result.expired = true;
  result.reason = "why \"so\"\n";
  result.applied.moves = {{{BucketId(5), ProcessorId(2), ProcessorId(0)},
                           MoveOutcome::kTakenOver,
                           std::chrono::nanoseconds(12'345)}};
  result.applied.counters.served = 77;
  result.applied.counters.drop(DropReason::kTakeover) = 9;
  result.applied.counters.sent = 8;
  result.applied.counters.not_sent(UnsentReason::kSink) = 3;
  result.applied.table = Digest(0xfedc'ba98'7654'3210);
  record.unacknowledged = result;
  return record;
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteFile(const std::string& path, const std::string& content) {
  std::filesystem::remove(path);
  ASSERT_TRUE(WriteFileDurably(path, content).ok());
}

TEST(PlanFile, KeepsEveryField) {
  const TempDir dir;
  const PlanFile file(dir.File("plan"));
  const PlanRecord saved = FullRecord();
  ASSERT_TRUE(file.Save(saved).ok());
  const absl::StatusOr<PlanRecord> loaded = file.Load("host-a");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->store_id, saved.store_id);
  EXPECT_EQ(loaded->seen_term, saved.seen_term);
  EXPECT_EQ(loaded->seen_epoch, saved.seen_epoch);
  EXPECT_EQ(loaded->term, saved.term);
  EXPECT_EQ(loaded->epoch, saved.epoch);
  EXPECT_TRUE(loaded->applying);
  EXPECT_EQ(loaded->table, saved.table);
  ASSERT_TRUE(loaded->unacknowledged.has_value());
  const PlanResult& result = *loaded->unacknowledged;
  EXPECT_EQ(result.term, Term(2));
  EXPECT_EQ(result.epoch, Epoch(41));
  EXPECT_EQ(result.state, ApplyState::kPartial);
  EXPECT_TRUE(result.expired);
  EXPECT_EQ(result.reason, "why \"so\"\n");
  ASSERT_EQ(result.applied.moves.size(), 1u);
  EXPECT_EQ(result.applied.moves[0].move,
            (Move{BucketId(5), ProcessorId(2), ProcessorId(0)}));
  EXPECT_EQ(result.applied.moves[0].outcome, MoveOutcome::kTakenOver);
  EXPECT_EQ(result.applied.moves[0].pause.count(), 12'345);
  EXPECT_EQ(result.applied.counters.served, 77u);
  EXPECT_EQ(result.applied.counters.drop(DropReason::kTakeover), 9u);
  EXPECT_EQ(result.applied.counters.sent, 8u);
  EXPECT_EQ(result.applied.counters.not_sent(UnsentReason::kSink), 3u);
  EXPECT_EQ(result.applied.table, Digest(0xfedc'ba98'7654'3210));
}

TEST(PlanFile, NoFileIsAnEmptyRecordOfTheHost) {
  const TempDir dir;
  const auto record = PlanFile(dir.File("plan")).Load("host-a");
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->host, "host-a");
  EXPECT_FALSE(record->table.has_value());
  EXPECT_EQ(record->seen_epoch, Epoch());
}

TEST(PlanFile, IsPrivateAndReplacedWhole) {
  const TempDir dir;
  const std::string path = dir.File("plan");
  ASSERT_TRUE(PlanFile(path).Save(FullRecord()).ok());
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  PlanRecord other = FullRecord();
  other.unacknowledged.reset();
  ASSERT_TRUE(PlanFile(path).Save(other).ok());
  EXPECT_FALSE(PlanFile(path).Load("host-a")->unacknowledged.has_value());
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

// Whatever single byte is changed and wherever the file is cut, it is refused
// and left alone.
TEST(PlanFile, RefusesEveryDamage) {
  const TempDir dir;
  const std::string path = dir.File("plan");
  const PlanFile file(path);
  PlanRecord record = FullRecord();
  ASSERT_TRUE(file.Save(record).ok());
  const std::string good = ReadFile(path);
  for (std::size_t i = 0; i < good.size(); i += 3) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x11);
    WriteFile(path, bad);
    EXPECT_FALSE(file.Load("host-a").ok()) << "byte " << i;
    WriteFile(path, good.substr(0, i));
    EXPECT_FALSE(file.Load("host-a").ok()) << "cut at " << i;
    EXPECT_EQ(ReadFile(path), good.substr(0, i));
  }
  WriteFile(path, good);
  EXPECT_TRUE(file.Load("host-a").ok());
}

TEST(PlanFile, ErrorsNameTheFileAndTheWayOut) {
  const TempDir dir;
  const std::string path = dir.File("plan");
  const PlanFile file(path);
  WriteFile(path, "");
  absl::Status status = file.Load("host-a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path), HasSubstr("damaged"),
                    HasSubstr("move the file away")));
  WriteFile(path, "lb-plan 2 something else altogether\n");
  status = file.Load("host-a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("version 2"), HasSubstr("newer lb-agent")));
  std::filesystem::remove(path);
  ASSERT_TRUE(file.Save(FullRecord()).ok());
  status = file.Load("host-b").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("host host-a"), HasSubstr("--host host-a")));
}

TEST(PlanFile, RefusesAFileOthersMayRead) {
  const TempDir dir;
  const std::string path = dir.File("plan");
  ASSERT_TRUE(PlanFile(path).Save(FullRecord()).ok());
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  EXPECT_EQ(PlanFile(path).Load("host-a").status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST(PlanFile, SaysWhyItCannotSave) {
  const TempDir dir;
  const absl::Status status =
      PlanFile(dir.File("missing/plan")).Save(FullRecord());
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("missing/plan"));
}

}  // namespace
}  // namespace lb::agent
