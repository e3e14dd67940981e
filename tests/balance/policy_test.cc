#include "balance/policy.h"

#include <functional>
#include <string>

#include "balance/snapshot.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::balance {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

TEST(Policy, NamesGoBothWays) {
  for (Mode mode : {Mode::kAuto, Mode::kAdvise, Mode::kOff}) {
    EXPECT_EQ(*ParseMode(ModeName(mode)), mode);
  }
  for (PlannerKind kind : {PlannerKind::kIndex, PlannerKind::kLoad,
                           PlannerKind::kRsspp, PlannerKind::kStatic}) {
    EXPECT_EQ(*ParsePlannerKind(PlannerKindName(kind)), kind);
  }
  EXPECT_THAT(std::string(ParseMode("on").status().message()),
              HasSubstr("mode \"on\" is unknown; use auto, advise or off"));
  EXPECT_FALSE(ParsePlannerKind("").ok());
}

TEST(Policy, DefaultIsValid) { EXPECT_TRUE(ValidatePolicy(Policy{}).ok()); }

TEST(Policy, ErrorsNameFieldValueAndRange) {
  struct Case {
    std::function<void(Policy&)> spoil;
    const char* message;
  };
  const Case cases[] = {
      {[](Policy& p) { p.mode = Mode{9}; }, "mode"},
      {[](Policy& p) { p.planner = PlannerKind{9}; }, "planner"},
      {[](Policy& p) { p.planner = PlannerKind::kStatic; },
       "policy planner is static, which is for comparison only; use index or "
       "load"},
      {[](Policy& p) { p.planner = PlannerKind::kRsspp; }, "is rsspp"},
      {[](Policy& p) { p.report_interval = milliseconds(99); },
       "policy report_interval is 99 ms; use 100 to 60000"},
      {[](Policy& p) { p.half_life = milliseconds(0); }, "half_life is 0 ms"},
      {[](Policy& p) { p.warm_up = milliseconds(-1); }, "warm_up is -1 ms"},
      {[](Policy& p) { p.trigger_permille = 999; }, "trigger is 999"},
      {[](Policy& p) { p.target_permille = 999; }, "target is 999"},
      {[](Policy& p) { p.target_permille = 1'101; },
       "target is 1101 permille; use at most the trigger, 1100"},
      {[](Policy& p) { p.floor_permille = 1'001; }, "floor is 1001"},
      {[](Policy& p) { p.z_permille = 6'001; }, "z is 6001"},
      {[](Policy& p) { p.max_moves_permille = 0; }, "max_moves is 0"},
      {[](Policy& p) { p.bucket_cooldown = milliseconds(-1); },
       "bucket_cooldown is -1"},
      {[](Policy& p) { p.return_time = milliseconds(86'400'001); },
       "return_time is 86400001"},
      {[](Policy& p) { p.min_gain_permille = 100'001; }, "min_gain is 100001"},
      {[](Policy& p) { p.damping_permille = 1'001; }, "damping is 1001"},
      {[](Policy& p) { p.fair_queue_quantum = microseconds(0); },
       "policy fair_queue_quantum is 0 us; use 1 to 100000"},
      {[](Policy& p) { p.fair_queue_quantum = microseconds(100'001); },
       "fair_queue_quantum is 100001 us"},
      {[](Policy& p) { p.fair_queue_limit = 16'777'217; },
       "fair_queue_limit is 16777217 packets; use 0 to 16777216"},
  };
  for (const Case& c : cases) {
    Policy policy;
    c.spoil(policy);
    const absl::Status status = ValidatePolicy(policy);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
  }
}

TEST(Snapshot, ErrorsNameTheOffender) {
  Snapshot good;
  good.processors.resize(2);
  good.buckets.resize(3);
  ASSERT_TRUE(ValidateSnapshot(good).ok());
  struct Case {
    std::function<void(Snapshot&)> spoil;
    const char* message;
  };
  const Case cases[] = {
      {[](Snapshot& s) { s.processors.clear(); }, "0 processors"},
      {[](Snapshot& s) { s.processors.resize(1'025); }, "1025 processors"},
      {[](Snapshot& s) { s.buckets.clear(); }, "0 buckets"},
      {[](Snapshot& s) { s.buckets.resize(65'537); }, "65537 buckets"},
      {[](Snapshot& s) { s.processors[1].capacity_permille = 0; },
       "processor 1 has capacity 0 permille"},
      {[](Snapshot& s) { s.processors[1].capacity_permille = 1'001; },
       "processor 1 has capacity 1001"},
      {[](Snapshot& s) {
         s.processors[1].busy_ns_per_s = 1'000'000'000'000'001;
       },
       "processor 1 has busy time of 1000000000000001"},
      {[](Snapshot& s) {
         for (auto& p : s.processors) p.in_service = false;
       },
       "no processor is in service"},
      {[](Snapshot& s) { s.buckets[2].owner = ProcessorId(2); },
       "bucket 2 belongs to processor 2; there are 2"},
      {[](Snapshot& s) { s.buckets[2].load_ns_per_s = 1'000'000'000'000'001; },
       "bucket 2 has a load of 1000000000000001"},
      {[](Snapshot& s) {
         s.buckets.assign(1'001, {.load_ns_per_s = 1'000'000'000'000'000});
       },
       "bucket 1000 has a load"},
  };
  for (const Case& c : cases) {
    Snapshot snapshot = good;
    c.spoil(snapshot);
    EXPECT_THAT(std::string(ValidateSnapshot(snapshot).message()),
                HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace lb::balance
