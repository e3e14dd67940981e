#include "controller/core/host_hub.h"

#include <deque>
#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FakeHostSink final : public HostSink {
 public:
  void OnHost(const HostView& host) override {
    seen.push_back(host.record.host);
    last = host;
    ++unread;
  }
  void OnRemoved(const std::string& host) override {
    seen.push_back("-" + host);
    ++unread;
  }
  void OnSynced(std::uint64_t revision) override { synced.push_back(revision); }
  void OnEnd(absl::Status status) override { ended = std::move(status); }
  std::size_t waiting() const override { return unread; }

  std::vector<std::string> seen;
  HostView last;
  std::size_t unread = 0;
  std::vector<std::uint64_t> synced;
  std::optional<absl::Status> ended;
};

class HostHubTest : public testing::Test {
 protected:
  HostHubTest() { hub_.Start(); }

  SimulatedHost& Add(const std::string& name, const std::string& rack = "a1") {
    hosts_.emplace_back(name, 2, std::vector<std::uint64_t>(64, 1'000'000));
    Hello hello = hosts_.back().MakeHello();
    hello.labels = {{"rack", rack}};
    streams_.push_back(harness_.Connect(hello));
    return hosts_.back();
  }
  HostHub::WatchId Watch(std::uint64_t after = 0,
                         const std::string& selector = "") {
    return hub_.Watch(LabelSelector::Parse(selector).value(), after, sink_);
  }
  void Happen(const std::string& host) {
    harness_.core->journal.Note(
        {.host = host, .kind = EventKind::kAgentStall, .message = "m"});
  }
  std::uint64_t Revision() const { return harness_.core->hub.revision(); }

  ControllerHarness harness_;
  HostHub hub_{*harness_.loop, harness_.core->hub, harness_.core->fleet,
               harness_.clock};
  std::deque<SimulatedHost> hosts_;
  std::vector<ControllerHarness::Stream> streams_;
  std::shared_ptr<FakeHostSink> sink_ = std::make_shared<FakeHostSink>();
};

TEST_F(HostHubTest, AllHostsThenSyncedThenWhatChanges) {
  Add("b");
  Add("a");
  Watch();
  EXPECT_THAT(sink_->seen, ElementsAre("a", "b"));
  EXPECT_THAT(sink_->synced, ElementsAre(Revision()));
  Happen("b");
  harness_.Run();
  EXPECT_THAT(sink_->seen, ElementsAre("a", "b", "b"));
  EXPECT_EQ(sink_->last.record.table.buckets(), 0U);
}

TEST_F(HostHubTest, AHostIsShownAsItIsAfterTheCommit) {
  Add("a");
  Watch();
  harness_.core->fleet.OnClosed(streams_[0].session);
  harness_.Run();
  EXPECT_THAT(sink_->seen, ElementsAre("a", "a"));
  EXPECT_EQ(sink_->last.state, HostState::kDisconnected);
}

TEST_F(HostHubTest, ManyChangesInARowAreOne) {
  Add("a");
  Watch();
  harness_.store.Hold();
  for (int i = 0; i < 50; ++i) Happen("a");
  harness_.store.Release();
  harness_.Run();
  EXPECT_THAT(sink_->seen, SizeIs(testing::Le(3U)));
}

TEST_F(HostHubTest, APolicyConcernsAll) {
  Add("a");
  Add("b");
  Watch();
  balance::Policy policy;
  policy.trigger_permille = 1'500;
  harness_.core->fleet.ChangePolicy(policy, [](const absl::Status&) {});
  harness_.Run();
  EXPECT_THAT(sink_->seen, ElementsAre("a", "b", "a", "b"));
  EXPECT_EQ(sink_->last.policy.policy.trigger_permille, 1'500U);
}

TEST_F(HostHubTest, OnlySelectedHostsAndThoseThatAreNoMore) {
  Add("a", "a1");
  Add("b", "b1");
  Watch(0, "rack=a1");
  EXPECT_THAT(sink_->seen, ElementsAre("a"));
  Happen("b");
  harness_.Run();
  EXPECT_THAT(sink_->seen, ElementsAre("a"));
  harness_.core->fleet.OnClosed(streams_[0].session);
  Hello hello = hosts_[0].MakeHello();
  hello.labels = {{"rack", "b1"}};
  harness_.Connect(hello);
  EXPECT_EQ(sink_->seen.back(), "-a");
}

TEST_F(HostHubTest, WhoComesBackGetsWhatChangedSince) {
  Add("a");
  Add("b");
  const std::uint64_t then = Revision();
  Happen("b");
  harness_.Run();
  Watch(then);
  EXPECT_THAT(sink_->seen, ElementsAre("b"));
  EXPECT_THAT(sink_->synced, ElementsAre(Revision()));
}

TEST_F(HostHubTest, WhatIsNotKnownIsOutOfRange) {
  Add("a");
  Watch(Revision() + 1);
  EXPECT_TRUE(absl::IsOutOfRange(sink_->ended.value()));
  sink_->ended.reset();
  // Before this controller: which hosts changed then, it cannot know.
  HostHub later(*harness_.loop, harness_.core->hub, harness_.core->fleet,
                harness_.clock);
  later.Start();
  later.Watch({}, Revision() - 1, sink_);
  EXPECT_TRUE(absl::IsOutOfRange(sink_->ended.value()));
  EXPECT_THAT(sink_->seen, IsEmpty());
}

TEST_F(HostHubTest, ManyHostsComeInPagesAndChangesAreNotLost) {
  const std::size_t many = 2 * HostHub::kPage + 10;
  for (std::size_t i = 0; i < many; ++i) Add("h" + std::to_string(1'000 + i));
  const HostHub::WatchId id = Watch();
  EXPECT_THAT(sink_->seen, SizeIs(HostHub::kPage));
  // One that was sent, one that was not yet.
  Happen("h1000");
  Happen("h1300");
  harness_.Run();
  EXPECT_THAT(sink_->synced, IsEmpty());
  while (sink_->synced.empty()) {
    sink_->unread = 0;
    hub_.OnRoom(id);
  }
  EXPECT_THAT(sink_->seen, SizeIs(many + 1));
  EXPECT_EQ(sink_->synced.back(), Revision());
}

TEST_F(HostHubTest, ASlowWatcherIsCutAndToldWhereToGoOn) {
  Add("a");
  Watch();
  const std::uint64_t synced = sink_->synced.back();
  sink_->unread = HostHub::kMostWaiting;
  Happen("a");
  harness_.Run();
  ASSERT_TRUE(sink_->ended.has_value());
  EXPECT_TRUE(absl::IsResourceExhausted(*sink_->ended));
  EXPECT_THAT(std::string(sink_->ended->message()),
              HasSubstr("after_revision " + std::to_string(synced)));
}

TEST_F(HostHubTest, BookmarksWhileNothingChanges) {
  Add("a");
  Watch();
  sink_->unread = 0;
  Happen("");
  harness_.Run();
  const std::uint64_t revision = Revision();
  harness_.Advance(std::chrono::seconds(15));
  EXPECT_THAT(sink_->synced, SizeIs(2));
  EXPECT_EQ(sink_->synced.back(), revision);
  sink_->unread = 1;
  harness_.Advance(std::chrono::seconds(15));
  EXPECT_THAT(sink_->synced, SizeIs(2));
}

TEST_F(HostHubTest, WhoLeftGetsNothingAndTheRestIsToldOfTheEnd) {
  Add("a");
  hub_.Unwatch(Watch());
  const auto other = std::make_shared<FakeHostSink>();
  hub_.Watch({}, 0, other);
  Happen("a");
  harness_.Run();
  EXPECT_THAT(sink_->seen, SizeIs(1));
  EXPECT_THAT(other->seen, SizeIs(2));
  harness_.core->hub.EndAll(absl::UnavailableError("stopping"));
  EXPECT_TRUE(other->ended.has_value());
  EXPECT_FALSE(sink_->ended.has_value());
}

}  // namespace
}  // namespace lb::controller
