#include "controller/core/audit_check.h"

#include <optional>

#include "gmock/gmock.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_store.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

class AuditCheckTest : public testing::Test {
 protected:
  void Append(int records) {
    for (int i = 0; i < records; ++i) {
      Change change;
      change.audit = AuditRecord();
      change.audit->method = "m" + std::to_string(i);
      store_.Commit(std::move(change), [](const absl::StatusOr<Committed>&) {});
    }
    loop_.RunReady();
  }
  AuditHead HeadAt(std::uint64_t sequence) const {
    return {sequence, store_.audit()[sequence - 1].hash};
  }
  absl::StatusOr<VerifiedAudit> Check(
      std::optional<AuditHead> outside = std::nullopt) {
    std::optional<absl::StatusOr<VerifiedAudit>> verified;
    CheckAudit(store_, outside, [&](absl::StatusOr<VerifiedAudit> got) {
      verified = std::move(got);
    });
    loop_.RunReady();
    return *verified;
  }

  FakeClock clock_;
  EventLoop loop_{clock_};
  MemoryStore store_{loop_, {.store_id = "s", .term = Term(1)}};
};

TEST_F(AuditCheckTest, ASoundChainOfAnyLength) {
  EXPECT_EQ(Check()->first_sequence, 0U);
  EXPECT_EQ(Check()->head, AuditHead());
  for (const int more : {1, 254, 1, 1, 300}) {
    Append(more);
    const auto verified = Check();
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->first_sequence, 1U);
    EXPECT_EQ(verified->head, HeadAt(store_.audit().size()));
  }
}

TEST_F(AuditCheckTest, AHeadNotedEarlierMustBeInIt) {
  Append(600);
  for (const std::uint64_t sequence : {1, 256, 257, 600}) {
    EXPECT_TRUE(Check(HeadAt(sequence)).ok()) << sequence;
    AuditHead other = HeadAt(sequence);
    other.hash[0] ^= 1;
    const absl::Status status = Check(other).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << sequence;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("audit record " + std::to_string(sequence)));
  }
}

TEST_F(AuditCheckTest, WhatWasCutOffAtTheEndIsMissed) {
  Append(10);
  const absl::Status status = Check(AuditHead{12, {}}).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_EQ(status.message(),
            "the audit ends with record 10, the head given is record 12: what "
            "was between them is gone");
}

TEST_F(AuditCheckTest, TheFirstRecordThatDoesNotFitIsNamed) {
  Append(600);
  store_.audit_at(400).caller = "nobody";
  store_.audit_at(500).caller = "nobody";
  const absl::Status status = Check().status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("audit record 400 "));
}

}  // namespace
}  // namespace lb::controller
