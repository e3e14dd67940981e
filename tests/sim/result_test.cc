#include "sim/result.h"

#include "gtest/gtest.h"

namespace lb::sim {
namespace {

TEST(Median, IsOfEachFigure) {
  std::vector<Figures> runs(3);
  runs[0].moves = 5;
  runs[1].moves = 1;
  runs[2].moves = 2;
  runs[0].drops = 1;
  runs[1].drops = 2;
  runs[2].drops = 9;
  EXPECT_EQ(Median(runs).moves, 2);
  EXPECT_EQ(Median(runs).drops, 2);
  runs.resize(2);
  EXPECT_EQ(Median(runs).moves, 3);
}

TEST(FiguresOf, LeavesOutWhatIsIgnored) {
  RunResult run;
  run.arrived = 1'000;
  run.dropped = 10;
  run.reports = 50;
  run.plans.resize(2);
  run.seconds = {{{.imbalance = 9}, {.imbalance = 1.5}, {.imbalance = 1.1}}};
  const Figures f = FiguresOf(run, 1'000);
  EXPECT_DOUBLE_EQ(f.drop_part, 0.01);
  EXPECT_DOUBLE_EQ(f.act_part, 0.04);
  EXPECT_DOUBLE_EQ(f.imbalance, 1.3);
  EXPECT_DOUBLE_EQ(f.highest_imbalance, 1.5);
}

TEST(AddHost, SumsUp) {
  RunResult host;
  host.moves = 3;
  host.packets.arrived = 7;
  host.plans.resize(1);
  host.seconds.resize(1);
  RunResult sum;
  AddHost(host, sum);
  AddHost(host, sum);
  EXPECT_EQ(sum.moves, 6U);
  EXPECT_EQ(sum.packets.arrived, 14U);
  ASSERT_EQ(sum.plans.size(), 2U);
  EXPECT_EQ(sum.plans[1].host, 1U);
  EXPECT_EQ(sum.seconds.size(), 2U);
}

}  // namespace
}  // namespace lb::sim
