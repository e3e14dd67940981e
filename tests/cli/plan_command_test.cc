#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/v1/plan_service.pb.h"
#include "tests/cli/online_fixture.h"

namespace lb::cli {
namespace {

using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class PlanCommandTest : public OnlineTest {
 protected:
  v1::Plan& AddPlan(std::uint64_t epoch) {
    v1::Plan& plan = plans_.emplace_back();
    plan.set_name("hosts/edge-1/plans/" + std::to_string(epoch));
    plan.set_host("edge-1");
    plan.set_epoch(epoch);
    plan.set_state(v1::PLAN_STATE_SENT);
    plan.mutable_create_time()->set_seconds(kNow - 60);
    return plan;
  }

  void ServePlans() {
    api_.On<v1::ListPlansRequest>([this](const v1::ListPlansRequest& request) {
      parents_.push_back(request.parent());
      page_sizes_.push_back(request.page_size());
      v1::ListPlansResponse page;
      const std::size_t begin =
          request.page_token().empty() ? 0 : std::stoul(request.page_token());
      const std::size_t end = std::min(
          begin + static_cast<std::size_t>(request.page_size()), plans_.size());
      for (std::size_t i = begin; i < end; ++i) *page.add_plans() = plans_[i];
      if (end < plans_.size()) page.set_next_page_token(std::to_string(end));
      return FakeAnswer(page);
    });
    api_.On<v1::GetPlanRequest>([this](const v1::GetPlanRequest& request) {
      v1::GetPlanResponse response;
      for (const v1::Plan& plan : plans_) {
        if (plan.name() != request.name()) continue;
        *response.mutable_plan() = plan;
        return FakeAnswer(response);
      }
      return FakeAnswer(absl::NotFoundError(request.name() + " is not known"));
    });
    Serve();
  }

  std::vector<v1::Plan> plans_;  // newest first
  std::vector<std::string> parents_;
  std::vector<int> page_sizes_;
};

TEST_F(PlanCommandTest, ListShowsWhatAPlanBroughtAndCost) {
  v1::Plan& done = AddPlan(8);
  done.set_state(v1::PLAN_STATE_MEASURED);
  done.set_imbalance_before(1.6);
  done.set_imbalance_predicted(1.05);
  done.set_imbalance_achieved(1.07);
  done.set_move_count(9);
  done.mutable_cost();
  done.set_max_pause_ns(1'250'000);
  done.set_reason("imbalance 1.60");
  v1::Plan& rejected = AddPlan(7);
  rejected.set_state(v1::PLAN_STATE_REJECTED);
  rejected.set_rejection("plan is for host \"b\"");
  AddPlan(6).set_name("hosts/edge-1/proposals/3");
  ServePlans();
  const CommandResult result = Run({"plan", "list", "--host", "edge-1"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(
      result.out,
      ContainsRegex("edge-1/8 +measured +1m00s ago +- +9 +1.60 +1.05 +1.07 "
                    "+1.25ms +0 +imbalance 1.60\n"));
  EXPECT_THAT(result.out, ContainsRegex("edge-1/7 +rejected .* - +- +- +plan "
                                        "is for host \"b\"\n"));
  EXPECT_THAT(result.out, HasSubstr("\nhosts/edge-1/proposals/3  "));
  EXPECT_THAT(parents_, ElementsAre("hosts/edge-1"));
}

TEST_F(PlanCommandTest, ListTakesNoMoreThanItsLimit) {
  for (std::uint64_t epoch = 2'500; epoch > 0; --epoch) AddPlan(epoch);
  ServePlans();
  EXPECT_EQ(RunJson({"plan", "list"})["plans"].size(), 50u);
  EXPECT_EQ(RunJson({"plan", "list", "--limit", "3"})["plans"].size(), 3u);
  EXPECT_THAT(page_sizes_, ElementsAre(50, 3));
  EXPECT_EQ(RunJson({"plan", "list", "--limit", "1001"})["plans"].size(),
            1'001u);
  EXPECT_EQ(page_sizes_.back(), 1);
  const json all = RunJson({"plan", "list", "--limit", "0"});
  EXPECT_EQ(all["plans"].size(), 2'500u);
  EXPECT_EQ(all["plans"][2'499]["epoch"], "1");
  EXPECT_THAT(parents_, Each("hosts/-"));
}

TEST_F(PlanCommandTest, ShowTakesBothNames) {
  v1::Plan& plan = AddPlan(7);
  v1::PlannedMove* move = plan.add_moves();
  move->mutable_move()->set_bucket(77);
  move->mutable_move()->set_to(3);
  move->set_load_ns_per_s(25'000'000);
  move->set_outcome(v1::MOVE_OUTCOME_MOVED);
  move->set_pause_ns(900);
  move->set_reason("processor 0 is at 90%");
  plan.add_indexes(1.5);
  plan.add_quotas(2);
  ServePlans();
  for (const char* name : {"edge-1/7", "hosts/edge-1/plans/7"}) {
    const CommandResult result = Run({"plan", "show", name});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("77 +0 +3 +2.5% +moved +900ns "
                                          "+processor 0 is at 90%\n"));
    EXPECT_THAT(result.out, HasSubstr("1.50 -> 2"));
  }
  const json answer = RunJson({"plan", "show", "edge-1/7"});
  EXPECT_EQ(answer["moves"][0]["move"]["bucket"], 77);
  EXPECT_EQ(answer["moves"][0]["outcome"], "MOVE_OUTCOME_MOVED");
  EXPECT_FALSE(answer.contains("imbalance_achieved"));
  EXPECT_EQ(Run({"plan", "show", "nobody/1"}).exit_code, 3);
}

TEST_F(PlanCommandTest, ExplainSaysWhatWentInAndCameOut) {
  std::string asked;
  api_.On<v1::ExplainPlanRequest>([&](const v1::ExplainPlanRequest& request) {
    asked = request.name();
    v1::ExplainPlanResponse response;
    response.set_verdict("IMBALANCE");
    response.set_reason("imbalance 1.60 exceeds 1.10");
    response.mutable_time()->set_seconds(kNow);
    response.set_imbalance(1.6);
    response.set_trigger(1.1);
    response.set_bound(1);
    response.add_lines("processor 0 gives, processor 1 takes");
    v1::ExplainedProcessor* p = response.add_processors();
    p->set_capacity_permille(1'000);
    p->set_in_service(true);
    p->set_utilization_before(0.9);
    p->set_utilization_predicted(0.6);
    p->set_buckets_before(10);
    p->set_buckets_after(7);
    p->set_index(7.5);
    p->set_quota(7);
    response.mutable_plan()->add_moves()->mutable_move()->set_bucket(42);
    return FakeAnswer(response);
  });
  Serve();
  const CommandResult result =
      Run({"plan", "explain", "hosts/edge-1/decisions/12"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(asked, "hosts/edge-1/decisions/12");
  EXPECT_THAT(result.out, ContainsRegex("Verdict: +IMBALANCE\n"));
  EXPECT_THAT(result.out,
              ContainsRegex("Imbalance: +1.60, to exceed 1.10, bound 1.00\n"));
  EXPECT_THAT(result.out, ContainsRegex("When: +2026-01-01T00:00:00.000Z\n"));
  EXPECT_THAT(result.out,
              HasSubstr("\nprocessor 0 gives, processor 1 takes\n"));
  EXPECT_THAT(result.out,
              ContainsRegex(" 0 +100.0% +90.0% +60.0% +- +10 +7 +7.50 +7 +in "
                            "service\n"));
  EXPECT_THAT(result.out, ContainsRegex("\n +42 +0 +0 "));
  EXPECT_EQ(RunJson({"plan", "explain",
                     "edge-1/3"})["processors"][0]["buckets_after"],
            7);
  EXPECT_EQ(asked, "hosts/edge-1/plans/3");
}

TEST_F(PlanCommandTest, ReplayExitsWithZeroOnlyIfIdentical) {
  v1::ReplayPlanResponse replay;
  replay.set_planner("load/1");
  api_.On<v1::ReplayPlanRequest>(
      [&](const v1::ReplayPlanRequest&) { return FakeAnswer(replay); });
  Serve();
  replay.set_outcome(v1::REPLAY_OUTCOME_IDENTICAL);
  const CommandResult identical = Run({"plan", "replay", "edge-1/3"});
  EXPECT_EQ(identical.exit_code, 0);
  EXPECT_EQ(identical.out, "edge-1/3: decided again by load/1, identical\n");
  replay.clear_planner();
  EXPECT_EQ(Run({"plan", "replay", "hosts/edge-1/decisions/8"}).out,
            "hosts/edge-1/decisions/8: decided again, identical\n");
  replay.set_outcome(v1::REPLAY_OUTCOME_DIFFERENT);
  replay.set_difference("bucket 7 goes to 2, not 1");
  const CommandResult different = Run({"plan", "replay", "edge-1/3"});
  EXPECT_EQ(different.exit_code, 1);
  EXPECT_EQ(different.out, "");
  EXPECT_EQ(different.err,
            "lbctl: error: edge-1/3 is decided differently: bucket 7 goes to "
            "2, not 1\n");
  replay.set_outcome(v1::REPLAY_OUTCOME_OTHER_VERSION);
  replay.set_difference("load/1 then, load/2 now");
  const CommandResult other = Run({"plan", "replay", "edge-1/3", "-o", "json"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_EQ(json::parse(other.out)["outcome"], "REPLAY_OUTCOME_OTHER_VERSION");
  EXPECT_THAT(
      other.err,
      MatchesRegex("lbctl: error: edge-1/3 was made by another version: "
                   "load/1 then, load/2 now[^\n]*\n"));
}

TEST_F(PlanCommandTest, ProposeAsksForWhatWasGiven) {
  v1::ProposePlanRequest asked;
  bool reachable = true;
  api_.On<v1::ProposePlanRequest>([&](const v1::ProposePlanRequest& request) {
    asked = request;
    v1::ProposePlanResponse response;
    response.set_planner_reason("no single move helps");
    if (reachable) {
      v1::Plan& plan = *response.mutable_plan();
      plan.set_name("hosts/edge-1/proposals/5");
      plan.set_state(v1::PLAN_STATE_PROPOSED);
      plan.set_move_count(4);
      plan.set_imbalance_before(1.5);
      plan.set_imbalance_predicted(1.01);
    }
    return FakeAnswer(response);
  });
  Serve();
  const CommandResult result =
      Run({"plan", "propose", "edge-1", "--target", "1.05", "--max-moves", "4",
           "--planner", "index"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(asked.parent(), "hosts/edge-1");
  EXPECT_EQ(asked.target_permille(), 1'050u);
  EXPECT_EQ(asked.max_moves(), 4u);
  EXPECT_EQ(asked.planner(), v1::PLANNER_KIND_INDEX);
  EXPECT_THAT(result.out,
              ContainsRegex("Proposal: +hosts/edge-1/proposals/5, proposed, 4 "
                            "moves, imbalance 1.50 -> 1.01 predicted\n"));
  reachable = false;
  EXPECT_THAT(Run({"plan", "propose", "edge-1"}).out,
              ContainsRegex("Proposal: +none: no better table is within reach\n"
                            "Planner: +no single move helps\n"));
  EXPECT_FALSE(asked.has_target_permille());
  EXPECT_FALSE(asked.has_max_moves());
}

TEST_F(PlanCommandTest, HelpSaysWhatOutdatesAProposal) {
  for (const char* command : {"propose", "apply"}) {
    EXPECT_THAT(RunBare({"plan", command, "--help"}).out,
                HasSubstr("lbctl balance pause HOST"));
  }
}

TEST_F(PlanCommandTest, ApplySendsAProposal) {
  std::string asked;
  api_.On<v1::ApplyPlanRequest>([&](const v1::ApplyPlanRequest& request) {
    asked = request.name();
    v1::ApplyPlanResponse response;
    response.mutable_plan()->set_name("hosts/edge-1/plans/9");
    response.mutable_plan()->set_state(v1::PLAN_STATE_SENT);
    return FakeAnswer(response);
  });
  Serve();
  const CommandResult result =
      Run({"plan", "apply", "hosts/edge-1/proposals/5"});
  EXPECT_EQ(asked, "hosts/edge-1/proposals/5");
  EXPECT_THAT(result.out, MatchesRegex("Done: apply hosts/edge-1/proposals/5\n"
                                       "Plan: +edge-1/9, sent, 0 moves[^\n]*\n"
                                       "Revision: +0\nAudit head: +0:\n"));
}

TEST_F(PlanCommandTest, BacktestComparesWithWhatWasDone) {
  v1::BacktestRequest asked;
  api_.On<v1::BacktestRequest>([&](const v1::BacktestRequest& request) {
    asked = request;
    v1::BacktestResponse response;
    response.set_samples(3'600);
    response.set_plans(2);
    response.set_moves(14);
    response.set_plans_recorded(5);
    response.set_imbalance_mean(1.04);
    response.set_time_above_trigger(0.02);
    v1::BacktestStep* step = response.add_steps();
    step->mutable_time()->set_seconds(kNow);
    step->set_verdict("IMBALANCE");
    step->set_moves(14);
    return FakeAnswer(response);
  });
  Serve();
  const CommandResult result =
      Run({"backtest", "--host", "edge-1", "--from", "-1h", "--to",
           "2026-01-01T00:00:00Z", "--planner", "index"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(asked.parent(), "hosts/edge-1");
  EXPECT_EQ(asked.start_time().seconds(), kNow - 3'600);
  EXPECT_EQ(asked.end_time().seconds(), kNow);
  EXPECT_EQ(asked.policy().planner(), v1::PLANNER_KIND_INDEX);
  EXPECT_EQ(asked.policy().trigger_permille(), 0u);
  EXPECT_THAT(result.out, HasSubstr("edge-1, 3600 samples\n"));
  EXPECT_THAT(result.out, ContainsRegex("\nrecorded +5 +0 "));
  EXPECT_THAT(result.out, ContainsRegex("\nbacktest +2 +14 +1.04 .* 2.0%\n"
                                        "Recorded are all plans [^\n]*\n\n"));
  EXPECT_THAT(result.out, ContainsRegex("\n2026-01-01T00:00:00.000Z +0.00 "
                                        "+0.00 +IMBALANCE +14\n$"));
  Run({"backtest", "--host", "edge-1", "--from", "-2d"});
  EXPECT_FALSE(asked.has_end_time());
  EXPECT_FALSE(asked.has_policy());
}

TEST_F(PlanCommandTest, WrongArguments) {
  ExpectUsageErrors(
      {{"plan", "show", "a"},
       {"plan", "show", "a/x"},
       {"plan", "show", "/7"},
       {"plan", "show", "hosts/a/decisions/7"},
       {"plan", "explain", "hosts/a/moves/7"},
       {"plan", "list", "--limit", "-1"},
       {"plan", "list", "--host", "-"},
       {"plan", "apply", "a/7"},
       {"plan", "rollback", "hosts/a/proposals/7"},
       {"plan", "propose", "a", "--target", "0.5"},
       {"plan", "propose", "a", "--planner", "rsspp"},
       {"backtest", "--host", "a"},
       {"backtest", "--host", "a", "--from", "yesterday"},
       {"backtest", "--host", "a", "--from", "-1h", "--to", "-1h"},
       {"backtest", "--host", "a", "--from", "now"},
       {"backtest", "--host", "a", "--from", "-32d"},
       {"backtest", "--host", "a", "--from", "-40d", "--to", "-8d"}});
  EXPECT_EQ(RunBare({"backtest", "--host", "a", "--from", "now"}).err,
            "lbctl: error: --from is 2026-01-01T00:00:00.000Z, which is not in "
            "the past\n");
  EXPECT_EQ(RunBare({"backtest", "--host", "a", "--from", "-32d"}).err,
            "lbctl: error: from --from to now are more than 31 days; choose "
            "less\n");
  EXPECT_THAT(RunBare({"plan", "shwo"}).err,
              HasSubstr("\"shwo\" is not known to lbctl plan; its commands are "
                        "list, show, explain, "));
}

}  // namespace
}  // namespace lb::cli
