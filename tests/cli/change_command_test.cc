// What all commands that change something have in common, and each one's
// request.
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/v1/balance_service.pb.h"
#include "lb/v1/bucket_service.pb.h"
#include "lb/v1/controller_service.pb.h"
#include "lb/v1/host_service.pb.h"
#include "lb/v1/plan_service.pb.h"
#include "lb/v1/policy_service.pb.h"
#include "lb/v1/processor_service.pb.h"
#include "tests/cli/online_fixture.h"

namespace lb::cli {
namespace {

using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

class ChangeCommandTest : public OnlineTest {
 protected:
  // Answers with a receipt, and keeps the request as text.
  template <class Request, class Response>
  void Accept(const Response& response = {}) {
    api_.On<Request>([this, response](const Request& request) {
      asked_.push_back(request.ShortDebugString());
      request_ids_.push_back(request.request_id());
      Request bare = request;
      bare.clear_request_id();
      bare_.push_back(bare.ShortDebugString());
      Response answer = response;
      answer.mutable_receipt()->set_revision(1'234);
      answer.mutable_receipt()->set_audit_sequence(57);
      answer.mutable_receipt()->set_audit_hash("ab12");
      answer.mutable_receipt()->set_repeated(repeated_);
      return FakeAnswer(answer);
    });
  }
  void AcceptEverything() {
    Accept<v1::ForgetHostRequest, v1::ForgetHostResponse>();
    v1::DrainProcessorResponse drained;
    drained.mutable_host()->add_processors()->set_id(3);
    drained.mutable_host()->mutable_processors(0)->set_buckets(12);
    Accept<v1::DrainProcessorRequest, v1::DrainProcessorResponse>(drained);
    Accept<v1::UndrainProcessorRequest, v1::UndrainProcessorResponse>();
    Accept<v1::PinBucketRequest, v1::PinBucketResponse>();
    Accept<v1::UnpinBucketRequest, v1::UnpinBucketResponse>();
    Accept<v1::ProposePlanRequest, v1::ProposePlanResponse>();
    Accept<v1::ApplyPlanRequest, v1::ApplyPlanResponse>();
    Accept<v1::RollBackPlanRequest, v1::RollBackPlanResponse>();
    Accept<v1::UpdatePolicyRequest, v1::UpdatePolicyResponse>();
    Accept<v1::DeletePolicyRequest, v1::DeletePolicyResponse>();
    Accept<v1::PauseBalanceRequest, v1::PauseBalanceResponse>();
    Accept<v1::ResumeBalanceRequest, v1::ResumeBalanceResponse>();
    Accept<v1::BackUpRequest, v1::BackUpResponse>();
    Accept<v1::AdoptRequest, v1::AdoptResponse>();
    Serve();
  }

  bool repeated_ = false;
  std::vector<std::string> asked_;
  std::vector<std::string> bare_;  // without request ids
  std::vector<std::string> request_ids_;
};

TEST_F(ChangeCommandTest, EachSendsItsRequest) {
  AcceptEverything();
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"host", "forget", "a"}, R"(name: "hosts/a")"},
      {{"processor", "drain", "a", "3"}, R"(name: "hosts/a/processors/3")"},
      {{"processor", "undrain", "hosts/a", "3"},
       R"(name: "hosts/a/processors/3")"},
      {{"bucket", "pin", "a", "77"}, R"(name: "hosts/a/buckets/77")"},
      {{"bucket", "pin", "a", "77", "--processor", "0"},
       R"(name: "hosts/a/buckets/77" processor: 0)"},
      {{"bucket", "unpin", "a", "77"}, R"(name: "hosts/a/buckets/77")"},
      {{"plan", "propose", "a"}, R"(parent: "hosts/a")"},
      {{"plan", "apply", "hosts/a/proposals/2"},
       R"(name: "hosts/a/proposals/2")"},
      {{"plan", "rollback", "a/7", "--yes"}, R"(name: "hosts/a/plans/7")"},
      {{"policy", "set", "mode=off", "--etag", "r7"},
       R"(name: "policies/default" policy { mode: MODE_OFF etag: "r7" } )"
       R"(update_mask { paths: "mode" })"},
      {{"policy", "delete", "a"}, R"(name: "hosts/a/policy")"},
      {{"balance", "pause", "a"}, R"(parent: "hosts/a")"},
      {{"balance", "pause", "--all", "--yes"}, R"(parent: "hosts/-")"},
      {{"balance", "resume", "--all"}, R"(parent: "hosts/-")"},
      {{"backup", "/srv/copy"}, R"(directory: "/srv/copy")"},
      {{"controller", "adopt", "--yes"}, ""},
  };
  for (const auto& [arguments, request] : cases) {
    SCOPED_TRACE(::testing::PrintToString(arguments));
    const CommandResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(bare_.back(), request);
    EXPECT_THAT(request_ids_.back(), MatchesRegex("lbctl-[0-9a-f]{24}"));
    EXPECT_THAT(result.out, StartsWith("Done: "));
    EXPECT_THAT(result.out,
                ContainsRegex("\nRevision: +1234\nAudit head: +57:ab12\n$"));
    EXPECT_EQ(RunJson(arguments)["receipt"]["audit_hash"], "ab12");
  }
}

TEST_F(ChangeCommandTest, SaysWhatWasDone) {
  AcceptEverything();
  EXPECT_EQ(Run({"processor", "drain", "a", "3"}).out,
            "Done: drain processor 3 of a\n"
            "Buckets now:  12\n"
            "Revision:     1234\n"
            "Audit head:   57:ab12\n");
  repeated_ = true;
  EXPECT_THAT(Run({"bucket", "pin", "a", "7"}).out,
              StartsWith("Done before, by the same request: pin bucket 7 of a "
                         "where it is\n"));
}

TEST_F(ChangeCommandTest, SaysWhatWaitsForTheHost) {
  v1::DrainProcessorResponse drained;
  v1::Processor& processor = *drained.mutable_host()->add_processors();
  processor.set_drained(true);
  processor.set_buckets(12);
  v1::PinBucketResponse pinned;
  pinned.mutable_host()->add_pins()->set_bucket(7);
  const auto is_now = [&](v1::HostState state, const std::string& reason) {
    for (v1::Host* host : {drained.mutable_host(), pinned.mutable_host()}) {
      host->set_state(state);
      host->set_reason(reason);
    }
  };
  api_.On<v1::DrainProcessorRequest>(
      [&](const v1::DrainProcessorRequest&) { return FakeAnswer(drained); });
  api_.On<v1::PinBucketRequest>(
      [&](const v1::PinBucketRequest&) { return FakeAnswer(pinned); });
  Serve();
  const auto drain = [&] { return Run({"processor", "drain", "a", "0"}).out; };
  const auto pin = [&] {
    return Run({"bucket", "pin", "a", "7", "--processor", "0"}).out;
  };
  is_now(v1::HOST_STATE_DISCONNECTED, "DISCONNECTED: no stream");
  const std::string until_back =
      "Moves: +none while the host is disconnected; they are made when it is "
      "back\n";
  EXPECT_THAT(drain(), ContainsRegex("\nBuckets now: +12\n" + until_back));
  EXPECT_THAT(pin(), ContainsRegex("\nProcessor: +0\n" + until_back));
  EXPECT_THAT(Run({"bucket", "pin", "a", "7"}).out, Not(HasSubstr("Moves")));
  is_now(v1::HOST_STATE_FROZEN, "STALE: no report");
  const std::string until_fresh =
      "Moves: +may wait: the host is frozen \\(STALE: no report\\)\n";
  EXPECT_THAT(drain(), ContainsRegex(until_fresh));
  EXPECT_THAT(pin(), ContainsRegex(until_fresh));
  is_now(v1::HOST_STATE_ACTIVE, "EVACUATE: processor 0 is drained");
  EXPECT_THAT(drain(), Not(HasSubstr("Moves")));
  EXPECT_THAT(pin(), Not(HasSubstr("Moves")));
  is_now(v1::HOST_STATE_DISCONNECTED, "DISCONNECTED: no stream");
  processor.set_buckets(0);
  EXPECT_THAT(drain(), Not(HasSubstr("Moves")));
}

TEST_F(ChangeCommandTest, ADryRunChangesNothingAndAsksNobody) {
  AcceptEverything();
  const CommandResult result =
      Run({"controller", "adopt", "--dry-run", "--reason", "moved",
           "--request-id", "change-17"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(asked_.back(),
            R"(reason: "moved" validate_only: true request_id: "change-17")");
  EXPECT_THAT(result.out,
              StartsWith("Dry run, nothing was changed. It is possible to "
                         "adopt the store and its hosts.\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("Audit head")));
}

TEST_F(ChangeCommandTest, DangerousChangesAreConfirmed) {
  AcceptEverything();
  const std::vector<std::vector<std::string>> dangerous = {
      {"controller", "adopt"},
      {"plan", "rollback", "a/7"},
      {"balance", "pause", "--all"}};
  for (const auto& arguments : dangerous) {
    SCOPED_TRACE(::testing::PrintToString(arguments));
    asked_.clear();
    interactive_ = false;
    const CommandResult nobody = Run(arguments);
    EXPECT_EQ(nobody.exit_code, 2);
    EXPECT_THAT(nobody.err, HasSubstr("add --yes\n"));
    interactive_ = true;
    for (const char* no : {"", "\n", "n\n", "yep\n"}) {
      typed_ = no;
      const CommandResult refused = Run(arguments);
      EXPECT_EQ(refused.exit_code, 1);
      EXPECT_THAT(refused.err, HasSubstr("nothing was changed\n"));
    }
    EXPECT_TRUE(asked_.empty());
    for (const char* yes : {"y\n", "YES\n"}) {
      typed_ = yes;
      const CommandResult done = Run(arguments);
      EXPECT_EQ(done.exit_code, 0);
      EXPECT_THAT(done.err, MatchesRegex("About to [^\n]+\\? \\[y/N\\] "));
    }
    EXPECT_EQ(asked_.size(), 2u);
  }
}

TEST_F(ChangeCommandTest, PolicyFilesAreWhole) {
  AcceptEverything();
  const std::string file = dir_.File("p.yaml");
  std::ofstream(file) << "mode: advise\ntarget_permille: 1040\n";
  const CommandResult result = Run({"policy", "set", "a", "--file", file});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(bare_.back(), HasSubstr(R"(name: "hosts/a/policy")"));
  EXPECT_THAT(bare_.back(), HasSubstr("mode: MODE_ADVISE planner: "
                                      "PLANNER_KIND_LOAD report_interval_ms: "
                                      "1000 "));
  EXPECT_THAT(bare_.back(), HasSubstr("target_permille: 1040"));
  EXPECT_THAT(bare_.back(),
              HasSubstr(R"(paths: "fair_queue_limit_packets" })"));
  EXPECT_THAT(bare_.back(), Not(HasSubstr(R"(paths: "etag")")));
  std::ofstream(file) << "triger_permille: 1040\n";
  const CommandResult wrong = Run({"policy", "set", "a", "--file", file});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("triger_permille"));
  EXPECT_EQ(Run({"policy", "set", "--file", dir_.File("none")}).exit_code, 2);
  const CommandResult directory = Run({"policy", "set", "--file", dir_.path()});
  EXPECT_EQ(directory.exit_code, 2);
  EXPECT_THAT(directory.err, HasSubstr("is a directory"));
  std::ofstream(file) << "";
  EXPECT_EQ(Run({"policy", "set", "--file", file}).exit_code, 0);
  EXPECT_THAT(bare_.back(), HasSubstr("target_permille: 1030"));
}

TEST_F(ChangeCommandTest, PolicyGetPrintsWhatPolicySetTakes) {
  std::string asked;
  api_.On<v1::GetPolicyRequest>([&](const v1::GetPolicyRequest& request) {
    asked = request.name();
    v1::GetPolicyResponse response;
    v1::Policy& policy = *response.mutable_policy();
    policy.set_name("policies/default");
    policy.set_revision(7);
    policy.set_etag("r7");
    policy.set_mode(v1::MODE_ADVISE);
    policy.set_planner(v1::PLANNER_KIND_INDEX);
    policy.set_report_interval_ms(1'000);
    policy.set_half_life_ms(3'000);
    policy.set_warm_up_ms(5'000);
    policy.set_trigger_permille(1'100);
    policy.set_target_permille(1'030);
    policy.set_floor_permille(100);
    policy.set_z_permille(2'000);
    policy.set_max_moves_permille(50);
    policy.set_bucket_cooldown_ms(10'000);
    policy.set_return_time_ms(60'000);
    policy.set_min_gain_permille(10);
    policy.set_damping_permille(800);
    policy.set_fair_queue_quantum_us(50);
    policy.set_fair_queue_limit_packets(0);
    return FakeAnswer(response);
  });
  AcceptEverything();
  const CommandResult result = Run({"policy", "get"});
  EXPECT_EQ(asked, "policies/default");
  EXPECT_EQ(result.out,
            "# policies/default, revision 7, etag r7\n"
            "mode: advise\n"
            "planner: index\n"
            "report_interval_ms: 1000\n"
            "half_life_ms: 3000\n"
            "warm_up_ms: 5000\n"
            "trigger_permille: 1100\n"
            "target_permille: 1030\n"
            "floor_permille: 100\n"
            "z_permille: 2000\n"
            "max_moves_permille: 50\n"
            "bucket_cooldown_ms: 10000\n"
            "return_time_ms: 60000\n"
            "min_gain_permille: 10\n"
            "damping_permille: 800\n"
            "fair_queue_quantum_us: 50\n"
            "fair_queue_limit_packets: 0\n");
  const std::string file = dir_.File("p.yaml");
  std::ofstream(file) << result.out;
  EXPECT_EQ(Run({"policy", "set", "--file", file}).exit_code, 0);
  EXPECT_THAT(bare_.back(), HasSubstr("planner: PLANNER_KIND_INDEX"));
  EXPECT_EQ(RunJson({"policy", "get", "edge-1"})["etag"], "r7");
  EXPECT_EQ(asked, "hosts/edge-1/policy");
}

TEST_F(ChangeCommandTest, WrongArguments) {
  ExpectUsageErrors({
      {"processor", "drain", "a"},
      {"processor", "drain", "a", "1024"},
      {"processor", "drain", "a", "x"},
      {"bucket", "pin", "a", "65536"},
      {"bucket", "pin", "a", "1", "--processor", "-1"},
      {"bucket", "unpin", "a", "1", "--processor", "1"},
      {"policy", "set"},
      {"policy", "set", "a"},
      {"policy", "set", "a", "b"},
      {"policy", "set", "a", "mode=sometimes"},
      {"policy", "set", "mode=off", "mode=auto"},
      {"policy", "set", "trigger_permille=-1"},
      {"policy", "set", "mode=off", "--file", "p.yaml"},
      {"balance", "pause"},
      {"balance", "pause", "a", "--all"},
      {"backup", "copy"},
      {"backup"},
      {"host", "forget", "a", "--reason", std::string(501, 'x')},
      {"host", "forget", "a", "--request-id", std::string(65, 'x')},
      {"host", "forget", "a", "--request-id", ""},
      {"host", "forget", "a", "--yes"},
  });
  EXPECT_THAT(RunBare({"policy", "set", "triger_permille=1"}).err,
              HasSubstr("use mode, planner, report_interval_ms, "));
  EXPECT_THAT(RunBare({"policy", "set", "mode=auto", "alpha"}).err,
              HasSubstr("\"alpha\" sets nothing; HOST goes first"));
  EXPECT_THAT(RunBare({"policy", "set", "mode=off", "--file", "p.yaml"}).err,
              HasSubstr("excludes KEY=VALUE"));
  EXPECT_THAT(RunBare({"policy", "set", "etag=1"}).err,
              HasSubstr("key \"etag\" is unknown"));
}

}  // namespace
}  // namespace lb::cli
