#include "dataplane/engine/deal.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

using ::testing::ElementsAreArray;

TEST(Deal, GoesInTurnToThoseInServiceThatHaveBuckets) {
  struct Case {
    const char* name;
    std::vector<bool> in_service;
    std::vector<std::uint16_t> before;
    std::vector<std::uint16_t> after;
    std::vector<std::uint32_t> dealt;
  };
  const std::vector<Case> cases = {
      {"one out",
       {true, false, true},
       {0, 1, 1, 1, 2},
       {0, 0, 2, 0, 2},
       {1, 2, 3}},
      {"two out", {false, true, false}, {0, 1, 2, 0}, {1, 1, 1, 1}, {0, 2, 3}},
      {"a drained one gets none",
       {true, false, true},
       {0, 1, 1},
       {0, 0, 0},
       {1, 2}},
      {"unless all are", {true, false, true}, {1, 1, 1}, {0, 2, 0}, {0, 1, 2}},
      {"nothing to deal", {true, false, true}, {0, 2, 0}, {0, 2, 0}, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Table table;
    for (const std::uint16_t p : c.before) table.owner.emplace_back(p);
    std::vector<std::uint32_t> dealt;
    for (const BucketId b : DealToThoseInService(c.in_service, table)) {
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
