#include "controller/core/queries.h"

#include "gmock/gmock.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;

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
  EXPECT_EQ(view.buckets.size(), 64U);
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
  const std::string token = (*page)->next_page_token;
  list("hosts/-", 3, token);
  EXPECT_EQ((*page)->items[0].revision, harness_.store.events().size() - 3);
  // A token goes on with its own list only.
  list("hosts/a", 3, token);
  EXPECT_TRUE(absl::IsInvalidArgument(page->status()));
  list("nonsense", 3, "");
  EXPECT_TRUE(absl::IsInvalidArgument(page->status()));
}

}  // namespace
}  // namespace lb::controller
