#include "controller/core/elephant_notes.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/controller_harness.h"
#include "tests/support/fake_agent_link.h"
#include "tests/support/simulated_host.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class ElephantNotesTest : public testing::Test {
 protected:
  // Messages of the events noted so far.
  std::vector<std::string> Noted() {
    harness_.Run();
    std::vector<std::string> messages;
    for (const Event& event : harness_.store.events()) {
      if (event.kind != EventKind::kBucketUnsplittable) continue;
      EXPECT_EQ(event.host, "a");
      messages.push_back(event.message);
    }
    return messages;
  }

  ControllerHarness harness_;
  FakeAgentLink link_;
  AgentReach reach_{
      .session = 7, .link = &link_, .answers = true, .buckets = 64};
  AgentQueries queries_{
      *harness_.loop, harness_.clock,
      [this](const std::string&) -> absl::StatusOr<AgentReach> {
        return reach_;
      }};
  ElephantNotes notes_{queries_, harness_.core->journal};
};

TEST_F(ElephantNotesTest, NameTheHeaviestConnection) {
  notes_.Note("a", BucketId(17), 2.4196);
  ASSERT_THAT(link_.queries, SizeIs(1));
  const auto& asked = std::get<HeaviestFlows>(link_.queries[0].what);
  EXPECT_EQ(asked.bucket, BucketId(17));
  EXPECT_EQ(asked.count, 1U);
  EXPECT_THAT(Noted(), SizeIs(0));
  Answer answer;
  answer.id = link_.queries[0].id;
  FlowInfo& flow = answer.heaviest.emplace_back();
  flow.key.version = IpVersion::kIpv4;
  flow.key.protocol = 6;
  flow.key.source_port = 80;
  flow.packets = 12;
  queries_.OnAnswer("a", answer);
  EXPECT_THAT(
      Noted(),
      ElementsAre("bucket 17 cannot be split, so that no table has an "
                  "imbalance below 2.420; its heaviest connection is tcp "
                  "0.0.0.0:80 > 0.0.0.0:0, 12 packets so far"));
}

TEST_F(ElephantNotesTest, SayWhyTheyDoNotKnow) {
  reach_.link = nullptr;
  notes_.Note("a", BucketId(17), 2);
  EXPECT_THAT(Noted(),
              ElementsAre(HasSubstr("is not known: host a is not connected")));
}

TEST_F(ElephantNotesTest, SayThatItHasGone) {
  notes_.Note("a", BucketId(17), 2);
  Answer answer;
  answer.id = link_.queries.at(0).id;
  queries_.OnAnswer("a", answer);
  EXPECT_THAT(Noted(), ElementsAre(HasSubstr("no connection any more")));
}

}  // namespace
}  // namespace lb::controller
