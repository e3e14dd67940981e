#include "agent/control_loop.h"

#include <atomic>
#include <thread>

#include "agent/inbox.h"
#include "gtest/gtest.h"
#include "tests/agent/fake_link.h"
#include "tests/support/fake_dataplane.h"
#include "tests/support/temp_dir.h"

namespace lb::agent {
namespace {

TEST(Inbox, KeepsOrderAndItsLimitButTakesWhatIsOurOwn) {
  Inbox inbox(2);
  const MonotonicTime now = SystemClock().Monotonic();
  EXPECT_FALSE(inbox.Pop(now).has_value());
  EXPECT_TRUE(inbox.Push({1, now, AgentPolicy{}}));
  EXPECT_TRUE(inbox.Push({2, now, AgentPolicy{}}));
  EXPECT_FALSE(inbox.Push({3, now, AgentPolicy{}}));
  EXPECT_TRUE(inbox.Push({4, now, LinkDown{}}));
  EXPECT_TRUE(inbox.Push({5, now, Answer{}}));
  EXPECT_EQ(inbox.Pop(now)->session, 1u);
  EXPECT_EQ(inbox.Pop(now)->session, 2u);
  EXPECT_EQ(inbox.Pop(now)->session, 4u);
  EXPECT_EQ(inbox.Pop(now)->session, 5u);
  EXPECT_FALSE(inbox.Pop(now).has_value());
}

TEST(Inbox, StopEndsAWaitingPop) {
  Inbox inbox;
  std::thread waiter(
      [&] { inbox.Pop(SystemClock().Monotonic() + std::chrono::hours(1)); });
  inbox.Stop();
  waiter.join();
  EXPECT_TRUE(inbox.stopped());
}

// A link whose controller, a thread of its own, welcomes whoever comes and
// ends the loop after the third report.
class LiveLink final : public ControllerLink {
 public:
  explicit LiveLink(Inbox& inbox) : inbox_(inbox) {}
  ~LiveLink() override {
    if (controller_.joinable()) controller_.join();
  }
  std::uint64_t Open(const Hello&) override {
    controller_ = std::thread([this] {
      Welcome welcome;
      welcome.policy.report_interval = kMinReportInterval;
      inbox_.Push({1, SystemClock().Monotonic(), welcome});
    });
    return 1;
  }
  void Close() override {}
  bool TrySend(const Report&) override {
    if (++reports == 3) inbox_.Stop();
    return true;
  }
  void Send(const PlanResult&) override {}
  void Send(const TableChanged&) override {}
  void Send(const AgentEvent&) override {}
  void Send(const Answer&) override {}

  std::atomic<int> reports = 0;

 private:
  Inbox& inbox_;
  std::thread controller_;
};

TEST(ControlLoop, RunsUntilItIsStopped) {
  const TempDir dir;
  const Layout layout{64, HashKind::kSipHash, "k", {{0, 1000}}};
  FakeDataplane dataplane(layout, DealRoundRobin(layout), SystemClock());
  Inbox inbox;
  LiveLink link(inbox);
  PlanRecord record;
  record.host = "host-a";
  QueryThread queries(dataplane, inbox, SystemClock());
  Agent agent({}, {dataplane, queries, link, SystemClock()},
              PlanFile(dir.File("plan")), record);
  ASSERT_TRUE(agent.Start().ok());
  std::thread control([&] { RunControlLoop(agent, inbox); });
  control.join();
  EXPECT_EQ(link.reports, 3);
}

}  // namespace
}  // namespace lb::agent
