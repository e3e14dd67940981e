#include "agent/plan_guard.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::agent {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class PlanGuardTest : public ::testing::Test {
 protected:
  PlanGuardTest() {
    layout_ = {64, HashKind::kSipHash, "0011aabb", {{0, 1000}, {1, 1000}}};
    record_.host = "host-a";
    record_.store_id = "store-1";
    record_.seen_term = Term(2);
    record_.seen_epoch = Epoch(7);
    table_ = DealRoundRobin(layout_);
    Plan& plan = command_.plan;
    plan.host = "host-a";
    plan.store_id = "store-1";
    plan.term = Term(2);
    plan.epoch = Epoch(8);
    plan.base = ComputeDigest(table_);
    plan.table = table_;
    plan.table.owner[0] = ProcessorId(1);
    command_.digest = ComputeDigest(plan.table);
    command_.deadline = milliseconds(500);
  }

  absl::Status Check(milliseconds waited = milliseconds(0)) {
    const MonotonicTime received(std::chrono::seconds(10));
    return CheckPlan(command_, {record_, layout_, ComputeDigest(table_),
                                session_store_, received, received + waited});
  }

  Layout layout_;
  PlanRecord record_;
  Table table_;
  PlanCommand command_;
  std::string session_store_ = "store-1";
};

TEST_F(PlanGuardTest, AcceptsAGoodPlan) {
  EXPECT_TRUE(Check().ok()) << Check();
  EXPECT_TRUE(Check(milliseconds(500)).ok());
}

TEST_F(PlanGuardTest, AcceptsTheFirstPlanOfAHost) {
  record_ = PlanRecord();
  record_.host = "host-a";
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(PlanGuardTest, AcceptsANewStoreWithANewTerm) {
  command_.plan.store_id = session_store_ = "store-2";
  EXPECT_THAT(std::string(Check().message()), HasSubstr("adopt"));
  command_.plan.term = Term(3);
  EXPECT_TRUE(Check().ok()) << Check();
}

// The host follows store-1 and has seen term 2 and epoch 7.
TEST_F(PlanGuardTest, FollowsAnotherStoreExactlyWhenItsTermIsHigher) {
  struct Case {
    std::string store;
    std::uint64_t term;
    std::uint64_t epoch;
    std::string reason;  // empty: accepted
  };
  const std::vector<Case> cases = {
      {"store-1", 1, 8, "term 1 is below term 2"},
      {"store-1", 2, 8, ""},
      {"store-1", 3, 8, ""},
      {"store-2", 1, 8, "term 1 is below term 2"},
      {"store-2", 2, 8, "adopt the host first"},
      {"store-2", 3, 8, ""},
      {"store-2", 9, 1'000, ""},
      // A higher term is no reason to count epochs from the start.
      {"store-2", 3, 7, "epoch 7 is not above epoch 7"},
      {"store-2", 3, 1, "epoch 1 is not above epoch 7"},
      {"store-1", 3, 1, "epoch 1 is not above epoch 7"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(::testing::Message()
                 << c.store << " " << c.term << "/" << c.epoch);
    command_.plan.store_id = session_store_ = c.store;
    command_.plan.term = Term(c.term);
    command_.plan.epoch = Epoch(c.epoch);
    if (c.reason.empty()) {
      EXPECT_TRUE(Check().ok()) << Check();
    } else {
      EXPECT_THAT(std::string(Check().message()), HasSubstr(c.reason));
    }
  }
}

// The one that was left behind comes back with the terms it knows of.
TEST_F(PlanGuardTest, TheStoreAdoptedFromIsNoLongerFollowed) {
  record_.store_id = "store-2";
  record_.seen_term = Term(3);
  for (const std::uint64_t term : {2, 3}) {
    command_.plan.term = Term(term);
    EXPECT_FALSE(Check().ok()) << term;
  }
  command_.plan.term = Term(4);  // adopted back
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(PlanGuardTest, ZeroIsNoDeadline) {
  command_.deadline = milliseconds(0);
  EXPECT_TRUE(Check(milliseconds(3'600'000)).ok());
}

TEST_F(PlanGuardTest, EveryRefusalHasItsReason) {
  struct Case {
    std::function<void(PlanCommand&)> spoil;
    std::string reason;
  };
  const std::vector<Case> cases = {
      {[](PlanCommand& c) { c.plan.host = "host-b"; },
       "plan is for host \"host-b\", this is \"host-a\""},
      {[](PlanCommand& c) { c.plan.host = ""; }, "plan is for host \"\""},
      {[](PlanCommand& c) { c.plan.store_id = "store-2"; },
       "plan is of store \"store-2\", this session's is \"store-1\""},
      {[](PlanCommand& c) { c.plan.term = Term(1); }, "term 1 is below term 2"},
      {[](PlanCommand& c) { c.plan.epoch = Epoch(7); },
       "epoch 7 is not above epoch 7"},
      {[](PlanCommand& c) {
         c.plan.term = Term(9);
         c.plan.epoch = Epoch(1);
       },
       "epoch 1 is not above epoch 7"},
      {[](PlanCommand& c) { c.plan.base = Digest(0xabc); },
       "plan replaces table abc"},
      {[](PlanCommand& c) { c.plan.table.owner.pop_back(); },
       "63 buckets, the host 64"},
      {[](PlanCommand& c) { c.plan.table.owner[3] = ProcessorId(2); },
       "bucket 3 to processor 2"},
      {[](PlanCommand& c) { c.plan.table.key_id = "other"; }, "key other"},
      {[](PlanCommand& c) { c.plan.table.hash = HashKind::kToeplitz; },
       "hash toeplitz"},
      {[](PlanCommand& c) { c.digest = Digest(1); }, "not 1 as it says"},
      {[](PlanCommand& c) {
         c.readable = absl::InvalidArgumentError("owner 70000 is too large");
       },
       "owner 70000"},
  };
  const PlanCommand good = command_;
  for (const Case& c : cases) {
    command_ = good;
    c.spoil(command_);
    const absl::Status status = Check();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << c.reason;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.reason));
    EXPECT_EQ(status.message().find('\n'), absl::string_view::npos);
  }
  command_ = good;
  const absl::Status late = Check(milliseconds(501));
  EXPECT_TRUE(absl::IsDeadlineExceeded(late));
  EXPECT_THAT(std::string(late.message()),
              HasSubstr("expired: it was to start within 500 ms"));
}

}  // namespace
}  // namespace lb::agent
