#include "dataplane/engine/stall_watch.h"

#include <vector>

#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

using std::chrono::milliseconds;

TEST(StallWatch, AStallIsASecondOfWaitingWithoutATurn) {
  struct Look {
    int at_ms;
    std::uint32_t turns;
    bool waits;
    bool stalled;
  };
  struct Case {
    const char* name;
    std::vector<Look> looks;
  };
  const std::vector<Case> cases = {
      {"idle for ever", {{0, 5, false, false}, {9'000, 5, false, false}}},
      {"busy, with turns",
       {{0, 5, true, false}, {200, 6, true, false}, {9'000, 7, true, false}}},
      {"no turn for a second",
       {{0, 5, true, false},
        {250, 5, true, false},
        {500, 5, true, false},
        {750, 5, true, false},
        {999, 5, true, false},
        {1'000, 5, true, true}}},
      {"idle before, so nothing waited all the while",
       {{0, 5, false, false},
        {900, 5, true, false},
        {1'100, 5, true, false},
        {1'300, 5, true, false}}},
      {"a turn ends a stall",
       {{0, 5, true, false},
        {250, 5, true, false},
        {500, 5, true, false},
        {750, 5, true, false},
        {1'000, 5, true, true},
        {1'100, 6, true, false},
        {1'300, 6, true, false}}},
      {"what waited is gone without a turn",
       {{0, 5, true, false},
        {250, 5, true, false},
        {500, 5, true, false},
        {750, 5, false, false},
        {1'000, 5, true, false},
        {1'200, 5, true, false}}},
      {"the whole machine stood still",
       {{0, 5, true, false},
        {60'000, 5, true, false},
        {60'200, 6, true, false}}},
      {"the count wraps",
       {{0, 0xffff'ffff, true, false},
        {250, 0xffff'ffff, true, false},
        {500, 0xffff'ffff, true, false},
        {1'000, 0, true, false}}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    StallWatch watch(std::chrono::seconds(1));
    for (const Look& look : c.looks) {
      watch.Look(look.turns, look.waits,
                 MonotonicTime(milliseconds(look.at_ms)));
      EXPECT_EQ(watch.stalled(), look.stalled) << look.at_ms << " ms";
    }
  }
}

}  // namespace
}  // namespace lb::dataplane
