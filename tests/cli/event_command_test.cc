#include <algorithm>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/v1/event_service.pb.h"
#include "tests/cli/online_fixture.h"

namespace lb::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class EventCommandTest : public OnlineTest {
 protected:
  static v1::Event MakeEvent(std::uint64_t revision) {
    v1::Event event;
    event.set_revision(revision);
    event.mutable_time()->set_seconds(kNow + static_cast<int>(revision));
    event.set_host("edge-1");
    event.set_kind("PLAN_SENT");
    event.set_message("message " + std::to_string(revision));
    return event;
  }

  // Lists those that are past; sends those that are watched, then ends.
  void ServeEvents() {
    api_.On<v1::ListEventsRequest>([this](
                                       const v1::ListEventsRequest& request) {
      ++pages_;
      v1::ListEventsResponse page;
      const std::size_t begin =
          request.page_token().empty() ? 0 : std::stoul(request.page_token());
      for (std::size_t i = begin; i < past_.size(); ++i) {
        if (page.events_size() == std::min(request.page_size(), 40)) {
          page.set_next_page_token(std::to_string(i));
          break;
        }
        const v1::Event& event = past_[i];
        if (request.parent() == "hosts/-" ||
            request.parent() == "hosts/" + event.host()) {
          *page.add_events() = event;
        }
      }
      return FakeAnswer(page);
    });
    api_.On<v1::WatchEventsRequest>(
        [this](const v1::WatchEventsRequest& request) {
          watched_after_ = request.after_revision();
          v1::WatchEventsResponse response;
          response.set_synced_revision(watched_after_);
          FakeAnswer answer(absl::UnavailableError("shutting down"));
          answer.Then(response);
          for (const v1::Event& event : watched_) {
            if (event.revision() <= watched_after_) continue;
            *response.mutable_event() = event;
            answer.Then(response);
          }
          return answer;
        });
    Serve();
  }

  std::vector<v1::Event> past_;  // newest first
  std::vector<v1::Event> watched_;
  std::uint64_t watched_after_ = 0;
  int pages_ = 0;
};

TEST_F(EventCommandTest, TailPrintsTheNewestOldestFirst) {
  for (std::uint64_t r = 100; r > 0; --r) past_.push_back(MakeEvent(r));
  ServeEvents();
  const CommandResult result = Run({"event", "tail", "--limit", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out,
              MatchesRegex("2026-01-01T00:01:39.000Z +99 +edge-1 +PLAN_SENT "
                           "+message 99\n[^\n]* 100 [^\n]*message 100\n"));
  const CommandResult lines =
      Run({"event", "tail", "-o", "json", "--after", "97"});
  std::istringstream in(lines.out);
  std::vector<std::string> revisions;
  for (std::string line; std::getline(in, line);) {
    revisions.push_back(json::parse(line)["revision"]);
  }
  EXPECT_THAT(revisions, ElementsAre("98", "99", "100"));
}

TEST_F(EventCommandTest, TailFollowsFromWhereTheListEnded) {
  for (std::uint64_t r = 5; r > 0; --r) past_.push_back(MakeEvent(r));
  for (std::uint64_t r = 4; r < 9; ++r) watched_.push_back(MakeEvent(r));
  ServeEvents();
  const CommandResult result =
      Run({"event", "tail", "--follow", "--limit", "1", "--host", "edge-1"});
  EXPECT_EQ(watched_after_, 5u);
  EXPECT_THAT(result.out, HasSubstr("message 5\n"));
  EXPECT_THAT(result.out, HasSubstr("message 8\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("message 4\n")));
  // A stream that ends is an error, with where to go on.
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, MatchesRegex("lbctl: error: [^\n]*shutting down[^\n]*"
                                       "--after 8\n"));
}

TEST_F(EventCommandTest, TailReadsNoFurtherThanAfter) {
  for (std::uint64_t r = 100; r > 0; --r) past_.push_back(MakeEvent(r));
  ServeEvents();
  const CommandResult result =
      Run({"event", "tail", "--limit", "0", "--after", "55"});
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 45);
  EXPECT_EQ(pages_, 2);
}

// What is committed between the list and the watch must not be missed.
TEST_F(EventCommandTest, TailFollowsAHostThatHasNoEventsYet) {
  past_.push_back(MakeEvent(40));
  ServeEvents();
  EXPECT_EQ(Run({"event", "tail", "--follow", "--host", "quiet"}).out, "");
  EXPECT_EQ(watched_after_, 40u);
  // Nor may --after be forgotten where nothing newer is listed.
  Run({"event", "tail", "--follow", "--after", "90"});
  EXPECT_EQ(watched_after_, 90u);
}

TEST_F(EventCommandTest, TailSaysInItsOwnWordsWhereToGoOn) {
  api_.On<v1::ListEventsRequest>(v1::ListEventsResponse());
  api_.On<v1::WatchEventsRequest>(absl::OutOfRangeError(
      "after_revision is 9, the store's last is 5; list the events and watch "
      "from there"));
  Serve();
  const CommandResult result =
      Run({"event", "tail", "--follow", "--after", "9"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(
      result.err,
      "lbctl: error: --after is 9, the store's last is 5; list the events "
      "and watch from there\n");
}

TEST_F(EventCommandTest, WrongArguments) {
  ExpectUsageErrors({{"event", "tail", "--after", "x"},
                     {"event", "tail", "--limit", "-1"},
                     {"event", "tail", "--host", "-"}});
}

}  // namespace
}  // namespace lb::cli
