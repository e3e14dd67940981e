#include "controller/core/records.h"

#include <set>
#include <utility>

#include "gtest/gtest.h"

namespace lb::controller {
namespace {

constexpr std::uint8_t kStates = 9;

TEST(Records, NamesOfStatesAndEventsReadBack) {
  for (std::uint8_t i = 1; i <= kStates; ++i) {
    const auto state = static_cast<PlanState>(i);
    EXPECT_EQ(ParsePlanState(PlanStateName(state)).value(), state);
  }
  std::set<std::string_view> names;
  for (std::uint8_t i = 1; i <= kEventKinds; ++i) {
    const auto kind = static_cast<EventKind>(i);
    EXPECT_EQ(ParseEventKind(EventKindName(kind)).value(), kind);
    names.insert(EventKindName(kind));
  }
  EXPECT_EQ(names.size(), kEventKinds);
  EXPECT_FALSE(ParsePlanState("").ok());
  EXPECT_FALSE(ParseEventKind("sent").ok());
}

TEST(Records, APlanGoesOnlyWhereItsLifeLeads) {
  using enum PlanState;
  const std::set<std::pair<PlanState, PlanState>> allowed = {
      {kProposed, kSent},      {kProposed, kSuperseded}, {kSent, kApplied},
      {kSent, kPartial},       {kSent, kRejected},       {kSent, kExpired},
      {kSent, kSuperseded},    {kSent, kUnknown},        {kUnknown, kApplied},
      {kUnknown, kPartial},    {kUnknown, kRejected},    {kUnknown, kExpired},
      {kUnknown, kSuperseded}, {kApplied, kMeasured},    {kPartial, kMeasured}};
  for (std::uint8_t from = 1; from <= kStates; ++from) {
    for (std::uint8_t to = 1; to <= kStates; ++to) {
      const std::pair step{static_cast<PlanState>(from),
                           static_cast<PlanState>(to)};
      EXPECT_EQ(CanFollow(step.first, step.second), allowed.contains(step))
          << PlanStateName(step.first) << " to " << PlanStateName(step.second);
    }
  }
}

TEST(Records, ProposalsAndPlansHaveNamesOfTheirOwn) {
  PlanRecord plan;
  plan.host = "a";
  plan.id = 7;
  EXPECT_EQ(PlanName(plan), "hosts/a/proposals/7");
  plan.epoch = Epoch(3);
  EXPECT_EQ(PlanName(plan), "hosts/a/plans/3");
}

}  // namespace
}  // namespace lb::controller
