#include "controller/core/event_hub.h"

#include <memory>
#include <optional>
#include <vector>

#include "controller/core/journal.h"
#include "gmock/gmock.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_store.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;

class FakeSink final : public EventSink {
 public:
  void OnEvent(const Event& event) override {
    revisions.push_back(event.revision);
    ++unread;
  }
  void OnSynced(std::uint64_t revision) override { synced = revision; }
  void OnEnd(absl::Status status) override { ended = status; }
  std::size_t waiting() const override { return unread; }

  std::vector<std::uint64_t> revisions;
  std::size_t unread = 0;
  std::optional<std::uint64_t> synced;
  std::optional<absl::Status> ended;
};

class EventHubTest : public testing::Test {
 protected:
  // Commits an event; it is published when the loop runs.
  void Happen(const std::string& host = "a") {
    Event event;
    event.host = host;
    event.kind = EventKind::kHostConnected;
    journal_.Note(event);
  }
  void Happen(int times) {
    for (int i = 0; i < times; ++i) Happen();
    loop_.RunReady();
  }

  FakeClock clock_;
  EventLoop loop_{clock_};
  MemoryStore store_{loop_, {.store_id = "s", .term = Term(1)}};
  EventHub hub_{store_, loop_, clock_};
  Journal journal_{store_, clock_, hub_};
  std::shared_ptr<FakeSink> sink_ = std::make_shared<FakeSink>();
};

TEST_F(EventHubTest, BringsWhatWasAndThenWhatIs) {
  Happen(3);
  hub_.Watch("", 1, sink_);
  loop_.RunReady();
  EXPECT_THAT(sink_->revisions, ElementsAre(2, 3));
  EXPECT_EQ(sink_->synced, 3U);
  Happen(1);
  EXPECT_THAT(sink_->revisions, ElementsAre(2, 3, 4));
}

TEST_F(EventHubTest, FromNowOnAndOfOneHost) {
  Happen(3);
  hub_.Watch("b", 0, sink_);
  loop_.RunReady();
  Happen("a");
  Happen("b");
  loop_.RunReady();
  EXPECT_THAT(sink_->revisions, ElementsAre(5));
}

TEST_F(EventHubTest, NothingIsLostOrTwiceBetweenPastAndPresent) {
  Happen(2 * static_cast<int>(EventHub::kPage));
  const EventHub::WatchId id = hub_.Watch("", 1, sink_);
  // Commits that happen while pages are under way, in every order there is.
  for (int round = 0; round < 6; ++round) {
    Happen("a");
    loop_.RunReady();
    Happen("a");
    sink_->unread = 0;
    hub_.OnRoom(id);
  }
  loop_.RunReady();
  ASSERT_TRUE(sink_->synced.has_value());
  std::vector<std::uint64_t> expected;
  for (std::uint64_t r = 2; r <= 2 * EventHub::kPage + 12; ++r) {
    expected.push_back(r);
  }
  EXPECT_EQ(sink_->revisions, expected);
}

TEST_F(EventHubTest, APageWaitsForRoom) {
  Happen(3 * static_cast<int>(EventHub::kPage));
  const EventHub::WatchId id = hub_.Watch("", 1, sink_);
  loop_.RunReady();
  EXPECT_EQ(sink_->revisions.size(), EventHub::kPage);
  hub_.OnRoom(id);
  loop_.RunReady();
  EXPECT_EQ(sink_->revisions.size(), 2 * EventHub::kPage);
}

// So that who comes back after a quiet time need not go far back.
TEST_F(EventHubTest, AWatcherThatKeepsUpIsToldHowFarItIs) {
  hub_.Start();
  const auto slow = std::make_shared<FakeSink>();
  hub_.Watch("a", 0, sink_);
  hub_.Watch("b", 0, slow);
  loop_.RunReady();
  Happen("b");
  Happen("c");
  loop_.RunReady();
  EXPECT_EQ(sink_->synced, 0U);
  clock_.Advance(EventHub::kBookmark);
  loop_.RunReady();
  EXPECT_EQ(sink_->synced, 2U);
  EXPECT_EQ(slow->synced, 0U);
  slow->unread = 0;
  clock_.Advance(EventHub::kBookmark);
  loop_.RunReady();
  EXPECT_EQ(slow->synced, 2U);
}

TEST_F(EventHubTest, ASlowWatcherIsCutAndToldWhereToGoOn) {
  hub_.Watch("", 0, sink_);
  loop_.RunReady();
  Happen(static_cast<int>(EventHub::kMostWaiting) + 5);
  ASSERT_TRUE(sink_->ended.has_value());
  EXPECT_TRUE(absl::IsResourceExhausted(*sink_->ended));
  EXPECT_EQ(sink_->revisions.size(), EventHub::kMostWaiting);
  EXPECT_THAT(std::string(sink_->ended->message()),
              testing::HasSubstr("after_revision 1024"));
}

TEST_F(EventHubTest, ARevisionAheadOfTheStoreIsOutOfRange) {
  Happen(2);
  hub_.Watch("", 3, sink_);
  loop_.RunReady();
  ASSERT_TRUE(sink_->ended.has_value());
  EXPECT_TRUE(absl::IsOutOfRange(*sink_->ended));
}

TEST_F(EventHubTest, WhoLeftGetsNothingAndTheRestIsToldOfTheEnd) {
  const EventHub::WatchId id = hub_.Watch("", 0, sink_);
  const auto other = std::make_shared<FakeSink>();
  hub_.Watch("", 0, other);
  loop_.RunReady();
  hub_.Unwatch(id);
  Happen(1);
  EXPECT_THAT(sink_->revisions, ElementsAre());
  EXPECT_THAT(other->revisions, ElementsAre(1));
  hub_.EndAll(absl::UnavailableError("stopping"));
  EXPECT_TRUE(other->ended.has_value());
  EXPECT_FALSE(sink_->ended.has_value());
}

TEST_F(EventHubTest, WhatWasNotCommittedIsNotPublished) {
  hub_.Watch("", 0, sink_);
  loop_.RunReady();
  store_.FailCommits(absl::UnavailableError("disk full"));
  Happen(1);
  EXPECT_THAT(sink_->revisions, ElementsAre());
  EXPECT_TRUE(journal_.degraded());
  store_.Heal();
  Happen(1);
  EXPECT_THAT(sink_->revisions, ElementsAre(1));
  EXPECT_FALSE(journal_.degraded());
}

}  // namespace
}  // namespace lb::controller
