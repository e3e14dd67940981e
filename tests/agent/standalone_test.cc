#include "agent/standalone.h"

#include "common/clock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_dataplane.h"

namespace lb::agent {
namespace {

TEST(Standalone, LooksForStallsUntilItIsStopped) {
  const Layout layout{
      64, HashKind::kSipHash, "k", {{0, 1'000}, {1, 1'000}, {2, 1'000}}};
  FakeDataplane dataplane(layout, DealRoundRobin(layout), SystemClock());
  const auto stop = StopSignal::Create();
  ASSERT_TRUE(stop.ok()) << stop.status();
  int looks = 0;
  dataplane.on_look = [&] {
    ++looks;
    if (looks == 2) {
      dataplane.TakeOver({ProcessorId(0), 22, 5, 3}, ProcessorId(1));
    }
    if (looks == 3) stop->Done();
  };
  EXPECT_EQ(LookForStallsUntilStopped(dataplane, *stop),
            StopSignal::Cause::kDone);
  EXPECT_EQ(looks, 3);
  EXPECT_EQ(dataplane.samples, 1);  // tells what was taken over
  EXPECT_TRUE(dataplane.next.takeovers.empty());
}

}  // namespace
}  // namespace lb::agent
