#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/v1/host_service.pb.h"
#include "tests/cli/online_fixture.h"

namespace lb::cli {
namespace {

using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HostCommandTest : public OnlineTest {
 protected:
  v1::Host& AddHost(const std::string& name) {
    v1::Host& host = hosts_.emplace_back();
    host.set_name("hosts/" + name);
    host.set_state(v1::HOST_STATE_ACTIVE);
    host.mutable_report_time()->set_seconds(kNow - 2);
    return host;
  }

  // Lists in pages of at most ten.
  void ServeHosts() {
    api_.On<v1::ListHostsRequest>([this](const v1::ListHostsRequest& request) {
      selectors_.push_back(request.selector());
      v1::ListHostsResponse page;
      const std::size_t begin =
          request.page_token().empty() ? 0 : std::stoul(request.page_token());
      const std::size_t end = std::min(begin + 10, hosts_.size());
      for (std::size_t i = begin; i < end; ++i) *page.add_hosts() = hosts_[i];
      if (end < hosts_.size()) page.set_next_page_token(std::to_string(end));
      return FakeAnswer(page);
    });
    api_.On<v1::GetHostRequest>([this](const v1::GetHostRequest& request) {
      v1::GetHostResponse response;
      for (const v1::Host& host : hosts_) {
        if (host.name() != request.name()) continue;
        *response.mutable_host() = host;
        return FakeAnswer(response);
      }
      return FakeAnswer(absl::NotFoundError(request.name() + " is not known"));
    });
    Serve();
  }

  std::vector<v1::Host> hosts_;
  std::vector<std::string> selectors_;
};

TEST_F(HostCommandTest, ListShowsEveryHostInAlignedColumns) {
  v1::Host& host = AddHost("edge-1");
  host.set_system_utilization(0.4567);
  host.set_imbalance(1.234);
  host.set_bound(1);
  host.set_plan_count(12);
  host.add_processors()->set_packets_per_s(12'000);
  host.add_processors()->set_packets_per_s(3'400);
  host.mutable_layout()->add_processors();
  host.mutable_layout()->add_processors();
  host.set_mode(v1::MODE_ADVISE);
  v1::Host& other = AddHost("a-host-with-a-longer-name");
  other.set_mode(v1::MODE_OFF);
  other.set_state(v1::HOST_STATE_FROZEN);
  other.set_reason("STALE: no report for 4 s");
  ServeHosts();
  const CommandResult result = Run({"host", "list", "--selector", "rack=a1"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(
      result.out,
      "HOST                       STATE   MODE    PROCESSORS  UTILIZATION  "
      "IMBALANCE  BOUND  PACKETS/S  PLANS  MOVES  REPORT     REASON\n"
      "edge-1                     active  advise           2        45.7%  "
      "     1.23   1.00      15.4k     12      0  2.00s ago  -\n"
      "a-host-with-a-longer-name  frozen  paused           0         0.0%  "
      "     0.00   0.00          0      0      0  2.00s ago  STALE: no report "
      "for 4 s\n");
  EXPECT_THAT(selectors_, ElementsAre("rack=a1"));
}

TEST_F(HostCommandTest, APauseIsToldFromAPolicyThatIsOff) {
  v1::Host& paused = AddHost("edge-1");
  paused.set_mode(v1::MODE_OFF);
  paused.mutable_policy()->set_mode(v1::MODE_AUTO);
  v1::Host& off = AddHost("edge-2");
  off.set_mode(v1::MODE_OFF);
  off.mutable_policy()->set_mode(v1::MODE_OFF);
  ServeHosts();
  EXPECT_THAT(Run({"host", "list"}).out,
              ContainsRegex("edge-1 +active +paused [^\n]*\n"
                            "edge-2 +active +off "));
  EXPECT_THAT(Run({"host", "show", "edge-1"}).out,
              ContainsRegex("Mode: +paused\n"));
}

TEST_F(HostCommandTest, NothingIsMeasuredBeforeTheFirstReport) {
  v1::Host& host = AddHost("edge-1");
  host.clear_report_time();
  host.set_imbalance(1);
  host.set_bound(1);
  host.set_reason("NO_REPORT: no report yet");
  ServeHosts();
  EXPECT_THAT(
      Run({"host", "list"}).out,
      ContainsRegex("edge-1 +active +- +0 +- +- +- +- +0 +0 +- +NO_REPORT"));
  EXPECT_THAT(Run({"host", "show", "edge-1"}).out,
              ContainsRegex("Utilization: +-, imbalance -, bound -\nPackets: "
                            "+-/s, "));
}

TEST_F(HostCommandTest, ListFollowsThePages) {
  for (int i = 0; i < 25; ++i) AddHost("h" + std::to_string(i));
  ServeHosts();
  const json answer = RunJson({"host", "list"});
  ASSERT_EQ(answer["hosts"].size(), 25u);
  EXPECT_EQ(answer["hosts"][24]["name"], "hosts/h24");
  EXPECT_EQ(answer["next_page_token"], "");
  EXPECT_EQ(selectors_.size(), 3u);
}

TEST_F(HostCommandTest, JsonHasTheProtosNamesAndEveryField) {
  v1::Host& host = AddHost("edge-1");
  host.set_plan_count(1ull << 60);
  host.add_processors()->set_utilization(0.5);
  ServeHosts();
  const json answer = RunJson({"host", "show", "edge-1"});
  EXPECT_EQ(answer["name"], "hosts/edge-1");
  EXPECT_EQ(answer["plan_count"], "1152921504606846976");
  EXPECT_EQ(answer["move_count"], "0");
  EXPECT_EQ(answer["state"], "HOST_STATE_ACTIVE");
  EXPECT_EQ(answer["processors"][0]["in_service"], false);
  EXPECT_FALSE(answer.contains("planCount"));
}

TEST_F(HostCommandTest, ShowHasBarsAndTheHeaviestBuckets) {
  v1::Host& host = AddHost("edge-1");
  for (const double utilization : {0.8, 0.25, 0.0, 0.0}) {
    v1::Processor* p = host.add_processors();
    p->set_id(static_cast<std::uint32_t>(host.processors_size() - 1));
    p->set_capacity_permille(167);
    p->set_utilization(utilization);
    p->set_in_service(true);
  }
  host.mutable_processors(1)->set_stalled(true);
  host.mutable_processors(2)->set_drained(true);
  host.mutable_processors(3)->set_drained(true);
  host.mutable_processors(3)->set_buckets(9);
  for (std::uint32_t b = 0; b < 8; ++b) {
    host.mutable_table()->add_owner(b % 2);
    host.mutable_buckets()->add_bucket(b);
    host.mutable_buckets()->add_load_ns_per_s(10'000'000ull * (b % 4));
    host.mutable_buckets()->add_connections(b);
  }
  (*host.mutable_labels())["rack"] = "7";
  host.set_paused("maintenance");
  v1::Pin* pin = host.add_pins();
  pin->set_bucket(5);
  pin->set_processor(1);
  ServeHosts();
  for (const char* name : {"edge-1", "hosts/edge-1"}) {
    const CommandResult result = Run({"host", "show", name});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("Last report: +2.00s ago\n"));
    EXPECT_THAT(result.out, ContainsRegex("Paused: +maintenance\n"));
    EXPECT_THAT(result.out, ContainsRegex("Pinned buckets: +5 to 1\n"));
    EXPECT_THAT(result.out, HasSubstr("rack=7"));
    EXPECT_THAT(result.out, HasSubstr("16.7%        80.0%  "
                                      "################....  "));
    EXPECT_THAT(result.out, ContainsRegex("#####\\.{15}[^\n]+ stalled\n"
                                          "[^\n]+ drained\n[^\n]+ draining\n"));
    // Buckets 3 and 7 weigh most, then 2 and 6, then 1.
    EXPECT_THAT(result.out,
                ContainsRegex(" 3 +1 +3.0% +3\n +7 +1 +3.0% +7\n +2 +0 +2.0% "
                              "+2\n +6 +0 +2.0% +6\n +1 +1 +1.0% +1\n$"));
  }
  EXPECT_EQ(Run({"host", "show", "nobody"}).exit_code, 3);
}

TEST_F(HostCommandTest, NothingATerminalWouldObeyGetsThrough) {
  AddHost("edge-1").set_reason("\x1b[31mred\nline");
  ServeHosts();
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"host", "list"}, {"host", "show", "edge-1"}}) {
    const CommandResult result = Run(arguments);
    EXPECT_EQ(result.out.find('\x1b'), std::string::npos);
    EXPECT_THAT(result.out, HasSubstr("?[31mred?line"));
  }
}

v1::WatchHostsResponse Synced(std::uint64_t revision) {
  v1::WatchHostsResponse response;
  response.set_synced_revision(revision);
  return response;
}

TEST_F(HostCommandTest, WatchPrintsEveryChangeAndWhereToGoOn) {
  v1::WatchHostsResponse host;
  host.mutable_host()->set_name("hosts/edge-1");
  host.mutable_host()->set_state(v1::HOST_STATE_DISCONNECTED);
  host.mutable_host()->set_mode(v1::MODE_AUTO);
  host.mutable_host()->mutable_report_time()->set_seconds(kNow - 2);
  host.mutable_host()->set_imbalance(1.5);
  v1::WatchHostsResponse removed;
  removed.set_removed("hosts/edge-2");
  v1::WatchHostsRequest asked;
  api_.On<v1::WatchHostsRequest>([&](const v1::WatchHostsRequest& request) {
    asked = request;
    FakeAnswer answer(absl::UnavailableError("shutting down"));
    return answer.Then(host).Then(Synced(7)).Then(removed).Then(Synced(9));
  });
  Serve();
  const CommandResult result =
      Run({"host", "watch", "--selector", "a", "--after", "3"});
  EXPECT_EQ(asked.selector(), "a");
  EXPECT_EQ(asked.after_revision(), 3u);
  EXPECT_THAT(result.out,
              ContainsRegex("^2026-01-01T00:00:00.000Z  edge-1 +disconnected +"
                            "auto +utilization +0.0%  imbalance +1.50[^\n]*\n"
                            "2026-01-01T00:00:00.000Z  edge-2  forgotten\n$"));
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("shutting down"));
  EXPECT_THAT(result.err, HasSubstr("go on with --after 9\n"));
  const CommandResult lines = Run({"host", "watch", "-o", "json"});
  EXPECT_EQ(
      json::parse(lines.out.substr(0, lines.out.find('\n')))["host"]["state"],
      "HOST_STATE_DISCONNECTED");
}

TEST_F(HostCommandTest, WrongArguments) {
  ExpectUsageErrors({{"host", "show"},
                     {"host", "show", "a/b"},
                     {"host", "show", "-o", "xml", "a"},
                     {"host", "list", "extra"},
                     {"host", "watch", "--after", "x"},
                     {"host", "forget"},
                     {"host", "forget", "-"}});
  EXPECT_EQ(RunBare({"host", "show", "a/b"}).err,
            "lbctl: error: HOST: host \"a/b\" is not a name; see lbctl host "
            "list\n");
}

}  // namespace
}  // namespace lb::cli
