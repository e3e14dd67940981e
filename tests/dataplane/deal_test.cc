#include "dataplane/engine/deal.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

using ::testing::ElementsAreArray;

TEST(Deal, GoesInTurnToThoseInServiceThatHaveBuckets) {
  struct Case {
    const char* name;
    std::vector<ProcessorStanding> processors;
    std::vector<std::uint16_t> before;
    std::vector<std::uint16_t> after;
    std::vector<std::uint32_t> dealt;
  };
  const ProcessorStanding in;
  const ProcessorStanding out{.in_service = false};
  const ProcessorStanding drained{.drained = true};
  const std::vector<Case> cases = {
      {"one out", {in, out, in}, {0, 1, 1, 1, 2}, {0, 0, 2, 0, 2}, {1, 2, 3}},
      {"two out", {out, in, out}, {0, 1, 2, 0}, {1, 1, 1, 1}, {0, 2, 3}},
      {"one without buckets gets none",
       {in, out, in},
       {0, 1, 1},
       {0, 0, 0},
       {1, 2}},
      {"unless all have none", {in, out, in}, {1, 1, 1}, {0, 2, 0}, {0, 1, 2}},
      {"a drained one gets none, though it has some",
       {in, out, drained},
       {0, 1, 2, 1},
       {0, 0, 2, 0},
       {1, 3}},
      {"one without buckets comes before a drained one",
       {in, out, drained},
       {2, 1, 2, 1},
       {2, 0, 2, 0},
       {1, 3}},
      {"unless all in service are drained",
       {drained, out, drained},
       {0, 1, 2, 1},
       {0, 0, 2, 2},
       {1, 3}},
      {"one out of service is no heir, drained or not",
       {drained, out, {.in_service = false, .drained = true}},
       {0, 1, 2, 1},
       {0, 0, 0, 0},
       {1, 2, 3}},
      {"nothing to deal", {in, out, in}, {0, 2, 0}, {0, 2, 0}, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Table table;
    for (const std::uint16_t p : c.before) table.owner.emplace_back(p);
    std::vector<std::uint32_t> dealt;
    for (const BucketId b : DealToThoseInService(c.processors, table)) {
      dealt.push_back(b.value());
    }
    EXPECT_THAT(dealt, ElementsAreArray(c.dealt));
    std::vector<std::uint16_t> after;
    for (const ProcessorId p : table.owner) after.push_back(p.value());
    EXPECT_THAT(after, ElementsAreArray(c.after));
  }
}

}  // namespace
}  // namespace lb::dataplane
