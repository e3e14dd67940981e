#include "controller/core/queries.h"

#include <algorithm>
#include <optional>

#include "controller/core/decision_inputs.h"
#include "controller/core/resource_name.h"
#include "gmock/gmock.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(Queries, HostsComeInPagesByName) {
  ControllerHarness harness;
  for (const char* name : {"c", "a", "b"}) {
    harness.Connect(
        SimulatedHost(name, 2, std::vector<std::uint64_t>(64, 1'000'000)));
  }
  auto page = harness.core->queries.ListHosts(2, "").value();
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[0].record.host, "a");
  EXPECT_EQ(page.items[1].record.host, "b");
  EXPECT_EQ(page.revision, harness.store.events().back().revision);
  page = harness.core->queries.ListHosts(2, page.next_page_token).value();
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].record.host, "c");
  EXPECT_EQ(page.next_page_token, "");
  EXPECT_FALSE(harness.core->queries.ListHosts(-1, "").ok());
  EXPECT_FALSE(harness.core->queries.ListHosts(0, "x").ok());
  EXPECT_TRUE(
      absl::IsNotFound(harness.core->queries.GetHost("hosts/d").status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(harness.core->queries.GetHost("d").status()));
}

TEST(Queries, AHostIsShownByItsLastReportAndMeasuredCapacity) {
  ControllerHarness harness;
  SimulatedHost host("a", 2, std::vector<std::uint64_t>(64, 5'000'000));
  // 32 buckets each: 0.16 CPUs a processor; then 0.32 on the first.
  for (std::size_t b = 0; b < 64; b += 2) host.loads[b] = 10'000'000;
  const auto stream = harness.Connect(host);
  HostView view = harness.View(host);
  EXPECT_EQ(view.state, HostState::kFrozen);
  EXPECT_FALSE(view.report_time.has_value());
  ASSERT_EQ(view.processors.size(), 2U);
  EXPECT_EQ(view.processors[0].buckets, 32U);

  harness.clock.Advance(std::chrono::seconds(1));
  lb::controller::Report report = host.MakeReport(
      std::chrono::nanoseconds(harness.clock.Monotonic().time_since_epoch()),
      std::chrono::seconds(1));
  report.load.processors[0].capacity_permille = 500;
  harness.core->fleet.OnReport(stream.session, report);
  harness.Run();
  view = harness.View(host);
  ASSERT_TRUE(view.report_time.has_value());
  EXPECT_NEAR(view.processors[0].utilization, 0.64, 1e-9);
  EXPECT_NEAR(view.processors[1].utilization, 0.16, 1e-9);
  EXPECT_NEAR(view.system_utilization, 0.48 / 1.5, 1e-9);
  EXPECT_NEAR(view.imbalance, 0.64 / 0.32, 1e-9);
  // I = b x U / U_i.
  EXPECT_NEAR(view.processors[0].index, 32 * 0.32 / 0.64, 1e-4);
  EXPECT_NEAR(view.processors[1].index, 32 * 0.32 / 0.16, 1e-4);
  EXPECT_NEAR(view.total_index, 80, 1e-4);
  EXPECT_EQ(view.processors[0].quota + view.processors[1].quota, 64U);
  EXPECT_EQ(view.processors[0].packets_per_s, 32'000U);
  EXPECT_EQ(view.bucket_loads.size(), 64U);
  const WallTime shown = *view.report_time;

  // What a plan leaves of an interval is too short to show anything.
  harness.clock.Advance(std::chrono::milliseconds(5));
  report = host.MakeReport(report.load.end + std::chrono::milliseconds(5),
                           std::chrono::milliseconds(5));
  for (ProcessorLoad& load : report.load.processors) load.busy = {};
  harness.core->fleet.OnReport(stream.session, report);
  harness.Run();
  view = harness.View(host);
  EXPECT_EQ(view.report_time, shown);
  EXPECT_NEAR(view.processors[0].utilization, 0.64, 1e-9);
}

TEST(Queries, HostsAreSelectedByTheirLabels) {
  ControllerHarness harness;
  for (const char* name : {"a", "b", "c", "d"}) {
    Hello hello =
        SimulatedHost(name, 2, std::vector<std::uint64_t>(64, 1)).MakeHello();
    hello.labels = {{"rack", *name == 'b' ? "r2" : "r1"}};
    harness.Connect(hello);
  }
  const auto list = [&](const std::string& token, const char* selector) {
    return harness.core->queries.ListHosts(2, token, selector);
  };
  const auto first = list("", "rack=r1").value();
  ASSERT_EQ(first.items.size(), 2U);
  EXPECT_EQ(first.items[1].record.host, "c");
  EXPECT_EQ(first.items[1].record.table.buckets(), 0U);
  const auto second = list(first.next_page_token, "rack=r1").value();
  ASSERT_EQ(second.items.size(), 1U);
  EXPECT_EQ(second.items[0].record.host, "d");
  EXPECT_EQ(second.next_page_token, "");
  // A token goes on with its own list only.
  EXPECT_FALSE(list(first.next_page_token, "rack!=r2").ok());
  EXPECT_FALSE(list(first.next_page_token, "").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(list("", "rack=r1,").status()));
}

TEST(Queries, TheControllerItself) {
  ControllerHarness harness;
  const WallTime start = harness.clock.Wall();
  SimulatedHost host("a", 2, std::vector<std::uint64_t>(64, 1));
  SimulatedHost fenced("b", 2, std::vector<std::uint64_t>(64, 1));
  fenced.term = Term(9);
  const auto stream = harness.Connect(host);
  harness.Connect(fenced);
  harness.core->fleet.OnClosed(stream.session);
  Change change;
  change.audit = AuditRecord();
  harness.core->journal.Commit(std::move(change),
                               [](const absl::StatusOr<Committed>&) {});
  harness.Advance(std::chrono::seconds(1));
  ControllerStatus status = harness.core->queries.GetStatus();
  EXPECT_EQ(status.state, ControllerState::kActive);
  EXPECT_EQ(status.reason, "");
  EXPECT_EQ(status.identity.store_id, "store-a");
  EXPECT_EQ(status.start_time, start);
  EXPECT_EQ(status.hosts, 2U);
  EXPECT_EQ(status.connected_hosts, 1U);
  EXPECT_EQ(status.fenced_hosts, 1U);
  EXPECT_EQ(status.plans_in_flight, 0U);
  EXPECT_EQ(status.head.sequence, 1U);
  EXPECT_EQ(status.head.hash, harness.store.audit()[0].hash);
  // The audit's commit has no event.
  EXPECT_EQ(status.revision, harness.store.events().size() + 1);

  harness.store.FailCommits(absl::UnavailableError("disk full"));
  harness.core->journal.Note({.kind = EventKind::kBackedUp});
  harness.Run();
  status = harness.core->queries.GetStatus();
  EXPECT_EQ(status.state, ControllerState::kDegraded);
  EXPECT_THAT(status.reason, testing::HasSubstr("cannot commit"));
  harness.store.Fence("a backup's copy");
  status = harness.core->queries.GetStatus();
  EXPECT_EQ(status.state, ControllerState::kFenced);
  EXPECT_EQ(status.reason, "a backup's copy");
  // A new process finds what the old one left.
  harness.store.Heal();
  harness.Restart();
  EXPECT_EQ(harness.core->queries.GetStatus().head.sequence, 1U);
}

// What the four lists of a host's history answer.
struct Histories {
  std::vector<absl::StatusCode> codes;
  std::size_t items = 0;
};

Histories HistoriesOf(const std::string& parent, ControllerHarness& harness) {
  Histories all;
  const auto note = [&all](const auto& page) {
    all.codes.push_back(page.status().code());
    if (page.ok()) all.items += page->items.size();
  };
  Queries& queries = harness.core->queries;
  queries.ListPlans(parent, 0, "", note);
  queries.ListEvents(parent, 0, "", note);
  queries.ListLoads({.parent = parent, .from = {}, .to = {}}, note);
  queries.ListRollUps(RollUpPeriod::kMinute,
                      {.parent = parent, .from = {}, .to = {}}, note);
  harness.Run();
  return all;
}

TEST(Queries, AForgottenHostHasItsHistoryAndOneThatNeverWasHasNone) {
  ControllerHarness harness;
  SimulatedHost host("a", 4, SkewedLoads(256, 4, 2.0, 0.6));
  const auto stream = harness.Connect(host);
  ASSERT_TRUE(harness.ReportUntilPlan(host, stream).has_value());
  ASSERT_TRUE(harness.ApplyPlan(host, stream));
  harness.core->fleet.OnClosed(stream.session);
  harness.Run();
  Call call;
  call.caller = {"socket:operator", Role::kOperator};
  call.method = "lb.v1.HostService/ForgetHost";
  absl::Status forgotten = absl::UnknownError("no answer");
  harness.core->commands.ForgetHost(
      call, "hosts/a", [&forgotten](const absl::StatusOr<Receipt>& receipt) {
        forgotten = receipt.status();
      });
  harness.Run();
  ASSERT_TRUE(forgotten.ok()) << forgotten;
  EXPECT_TRUE(
      absl::IsNotFound(harness.core->queries.GetHost("hosts/a").status()));
  for (int start = 0; start < 2; ++start) {
    const Histories kept = HistoriesOf("hosts/a", harness);
    EXPECT_THAT(kept.codes, AllOf(SizeIs(4), Each(absl::StatusCode::kOk)));
    EXPECT_GT(kept.items, 0U);
    EXPECT_THAT(HistoriesOf("hosts/b", harness).codes,
                AllOf(SizeIs(4), Each(absl::StatusCode::kNotFound)));
    harness.Restart();
  }
  EXPECT_EQ(harness.core->queries.FindParent("hosts/a").value(), "a");
  EXPECT_EQ(harness.core->queries.FindParent("hosts/-").value(), "");
  EXPECT_TRUE(
      absl::IsNotFound(harness.core->queries.FindParent("hosts/b").status()));
}

class PagesTest : public testing::Test {
 protected:
  PagesTest() {
    SimulatedHost host("a", 4, SkewedLoads(256, 4, 2.0, 0.6));
    const auto stream = harness_.Connect(host);
    for (int i = 0; i < 60; ++i) {
      harness_.Report(host, stream);
      harness_.ApplyPlan(host, stream);
    }
  }

  Page<PlanRecord> Plans(const std::string& token) {
    std::optional<absl::StatusOr<Page<PlanRecord>>> page;
    harness_.core->queries.ListPlans(
        "hosts/a", 2, token,
        [&](absl::StatusOr<Page<PlanRecord>> got) { page = std::move(got); });
    harness_.Run();
    return page->value();
  }

  ControllerHarness harness_;
};

TEST_F(PagesTest, PlansComeNewestFirstAndEachOnce) {
  std::vector<std::uint64_t> seen;
  std::string token;
  do {
    const Page<PlanRecord> page = Plans(token);
    EXPECT_LE(page.items.size(), 2U);
    for (const PlanRecord& plan : page.items) seen.push_back(plan.id);
    token = page.next_page_token;
  } while (!token.empty());
  std::vector<std::uint64_t> expected;
  for (std::uint64_t id = harness_.store.plans().size(); id > 0; --id) {
    expected.push_back(id);
  }
  EXPECT_GE(expected.size(), 3U);
  EXPECT_EQ(seen, expected);
}

TEST_F(PagesTest, OnePlanAndWhatIsNotThere) {
  const auto get = [&](const std::string& name) {
    std::optional<absl::StatusOr<PlanRecord>> plan;
    harness_.core->queries.GetPlan(
        name, [&](absl::StatusOr<PlanRecord> got) { plan = std::move(got); });
    harness_.Run();
    return *plan;
  };
  EXPECT_EQ(get("hosts/a/plans/1")->epoch, Epoch(1));
  EXPECT_FALSE(get("hosts/a/plans/1")->moves.empty());
  EXPECT_TRUE(absl::IsNotFound(get("hosts/a/plans/999").status()));
  EXPECT_TRUE(absl::IsNotFound(get("hosts/a/proposals/1").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(get("hosts/a").status()));
}

TEST_F(PagesTest, EventsComeNewestFirst) {
  std::optional<absl::StatusOr<Page<Event>>> page;
  const auto list = [&](const std::string& parent, int size,
                        const std::string& token) {
    harness_.core->queries.ListEvents(
        parent, size, token,
        [&](absl::StatusOr<Page<Event>> got) { page = std::move(got); });
    harness_.Run();
  };
  list("hosts/-", 3, "");
  ASSERT_TRUE(page->ok());
  EXPECT_EQ((*page)->items[0].revision, harness_.store.events().size());
  EXPECT_EQ((*page)->items[2].revision, harness_.store.events().size() - 2);
  EXPECT_EQ((*page)->revision, (*page)->items[0].revision);
  const std::string token = (*page)->next_page_token;
  list("hosts/-", 3, token);
  EXPECT_EQ((*page)->items[0].revision, harness_.store.events().size() - 3);
  // A token goes on with its own list only.
  list("hosts/a", 3, token);
  EXPECT_TRUE(absl::IsInvalidArgument(page->status()));
  list("nonsense", 3, "");
  EXPECT_TRUE(absl::IsInvalidArgument(page->status()));
}

TEST_F(PagesTest, LoadsComeOldestFirst) {
  std::optional<absl::StatusOr<Page<ProcessorSample>>> page;
  const auto list = [&](const std::string& parent, std::optional<WallTime> from,
                        std::optional<WallTime> to, const std::string& token) {
    harness_.core->queries.ListLoads(
        {parent, from, to, 25, token},
        [&](absl::StatusOr<Page<ProcessorSample>> got) {
          page = std::move(got);
        });
    harness_.Run();
    return page->status();
  };
  std::vector<WallTime> times;
  std::string token;
  do {
    ASSERT_TRUE(list("hosts/a", std::nullopt, std::nullopt, token).ok());
    for (const auto& sample : (*page)->items) times.push_back(sample.time);
    token = (*page)->next_page_token;
  } while (!token.empty());
  EXPECT_EQ(times.size(), 60U);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  ASSERT_TRUE(list("hosts/a", times[10], times[50], "").ok());
  EXPECT_EQ((*page)->items.front().time, times[10]);
  token = (*page)->next_page_token;
  ASSERT_TRUE(list("hosts/a", times[10], times[50], token).ok());
  EXPECT_EQ((*page)->items.size(), 15U);
  EXPECT_EQ((*page)->items.back().time, times[49]);
  EXPECT_EQ((*page)->next_page_token, "");
  EXPECT_TRUE(
      absl::IsInvalidArgument(list("hosts/a", times[11], times[50], token)));
  EXPECT_TRUE(absl::IsInvalidArgument(list("hosts/a", times[9], times[9], "")));
  EXPECT_TRUE(
      absl::IsInvalidArgument(list("hosts/-", std::nullopt, std::nullopt, "")));
}

TEST_F(PagesTest, MinutesAndHoursComeInPages) {
  for (int i = 0; i <= 120; ++i) {
    ProcessorSample report;
    report.host = "a";
    report.time = WallTime(std::chrono::minutes(i));
    harness_.store.Append(report);
  }
  std::optional<absl::StatusOr<Page<LoadRollUp>>> page;
  const auto list = [&](RollUpPeriod period, const LoadsRequest& request) {
    harness_.core->queries.ListRollUps(
        period, request,
        [&](absl::StatusOr<Page<LoadRollUp>> got) { page = std::move(got); });
    harness_.Run();
    return page->status();
  };
  const auto minute = RollUpPeriod::kMinute;
  LoadsRequest request{.parent = "hosts/a",
                       .from = WallTime(std::chrono::minutes(10)),
                       .to = WallTime(std::chrono::minutes(50)),
                       .page_size = 25};
  ASSERT_TRUE(list(minute, request).ok());
  EXPECT_EQ((*page)->items.size(), 25U);
  EXPECT_EQ((*page)->items.front().time, *request.from);
  request.page_token = (*page)->next_page_token;
  ASSERT_TRUE(list(minute, request).ok());
  EXPECT_EQ((*page)->items.size(), 15U);
  EXPECT_EQ((*page)->items.back().time, WallTime(std::chrono::minutes(49)));
  EXPECT_EQ((*page)->next_page_token, "");
  EXPECT_TRUE(absl::IsInvalidArgument(list(RollUpPeriod::kHour, request)));
  request = {
      .parent = "hosts/a", .from = {}, .to = WallTime(std::chrono::hours(2))};
  ASSERT_TRUE(list(RollUpPeriod::kHour, request).ok());
  ASSERT_EQ((*page)->items.size(), 2U);
  EXPECT_EQ((*page)->items[1].time, WallTime(std::chrono::hours(1)));
  EXPECT_EQ((*page)->items[1].reports, 60U);
  request.parent = "hosts/-";
  EXPECT_TRUE(absl::IsInvalidArgument(list(minute, request)));
}

TEST_F(PagesTest, APlanIsExplainedAndReplayed) {
  std::optional<absl::StatusOr<Explanation>> explained;
  const auto explain = [&](const std::string& name) {
    harness_.core->queries.ExplainPlan(
        name,
        [&](absl::StatusOr<Explanation> got) { explained = std::move(got); });
    harness_.Run();
    return explained->status();
  };
  ASSERT_TRUE(explain("hosts/a/plans/1").ok());
  EXPECT_EQ((*explained)->processors.size(), 4U);
  EXPECT_GT((*explained)->imbalance, (*explained)->trigger);
  double highest = 0;
  for (const ExplainedProcessor& one : (*explained)->processors) {
    highest = std::max(highest, one.utilization_predicted);
  }
  EXPECT_NEAR(highest / (*explained)->system_utilization,
              (*explained)->plan->imbalance_predicted, 1e-6);
  EXPECT_TRUE(absl::IsNotFound(explain("hosts/a/plans/999")));
  EXPECT_TRUE(absl::IsNotFound(explain("hosts/a/decisions/999")));
  EXPECT_TRUE(absl::IsInvalidArgument(explain("hosts/a")));

  std::optional<absl::StatusOr<Replay>> replay;
  harness_.core->queries.ReplayPlan(
      "hosts/a/plans/1",
      [&](absl::StatusOr<Replay> got) { replay = std::move(got); });
  harness_.Run();
  EXPECT_EQ(replay->value().outcome, ReplayOutcome::kIdentical);
}

TEST_F(PagesTest, ADecisionIsExplainedUnderItsPolicy) {
  balance::Policy policy;
  policy.trigger_permille = 1'700;
  harness_.core->fleet.ChangePolicy(policy, [](const absl::Status&) {});
  harness_.Run();
  balance::HostMeasurement measured;
  measured.stale = true;
  Change change;
  change.event = {.host = "a", .kind = EventKind::kNotPlanned};
  change.decision = DecisionRecord();
  change.decision->host = "a";
  change.decision->verdict = "STALE";
  change.decision->reason = "no report for three intervals";
  change.decision->policy_revision = harness_.core->fleet.policy().revision;
  change.decision->measurement = SerializeDecisionInputs(measured, 0);
  std::uint64_t revision = 0;
  harness_.core->journal.Commit(std::move(change),
                                [&](absl::StatusOr<Committed> committed) {
                                  revision = committed->revision;
                                });
  harness_.Run();
  std::optional<absl::StatusOr<Explanation>> explained;
  std::optional<absl::StatusOr<Replay>> replay;
  harness_.core->queries.ExplainPlan(
      DecisionName("a", revision),
      [&](absl::StatusOr<Explanation> got) { explained = std::move(got); });
  harness_.core->queries.ReplayPlan(
      DecisionName("a", revision),
      [&](absl::StatusOr<Replay> got) { replay = std::move(got); });
  harness_.Run();
  EXPECT_NEAR((*explained)->trigger, 1.7, 1e-9);
  EXPECT_EQ(replay->value().outcome, ReplayOutcome::kIdentical)
      << replay->value().difference;
}

TEST_F(PagesTest, TheAuditComesNewestFirst) {
  for (int i = 0; i < 5; ++i) {
    Change change;
    change.audit = AuditRecord();
    harness_.core->journal.Commit(std::move(change),
                                  [](const absl::StatusOr<Committed>&) {});
  }
  std::vector<std::uint64_t> seen;
  std::string token;
  std::optional<absl::StatusOr<Page<AuditRecord>>> page;
  const auto list = [&](std::int32_t size, const std::string& from) {
    harness_.core->queries.ListAudit(
        size, from,
        [&](absl::StatusOr<Page<AuditRecord>> got) { page = std::move(got); });
    harness_.Run();
    return page->status();
  };
  do {
    ASSERT_TRUE(list(2, token).ok());
    for (const auto& record : (*page)->items) seen.push_back(record.sequence);
    token = (*page)->next_page_token;
  } while (!token.empty());
  EXPECT_THAT(seen, ElementsAre(5, 4, 3, 2, 1));
  EXPECT_TRUE(absl::IsInvalidArgument(list(1'001, "")));
  EXPECT_TRUE(absl::IsInvalidArgument(list(2, "x")));
  std::optional<absl::StatusOr<VerifiedAudit>> verified;
  harness_.core->queries.VerifyAudit(
      AuditHead{3, harness_.store.audit()[2].hash},
      [&](absl::StatusOr<VerifiedAudit> got) { verified = std::move(got); });
  harness_.Run();
  EXPECT_EQ(verified->value().head.sequence, 5U);
}

}  // namespace
}  // namespace lb::controller
