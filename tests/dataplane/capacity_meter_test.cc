#include "dataplane/engine/capacity_meter.h"

#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

CapacityMeter::Interval Awake(std::int64_t cpu_permille, bool saturated) {
  return {kSecond, 0, cpu_permille * kSecond / 1'000, saturated};
}

TEST(CapacityMeter, FallsAtOnce) {
  CapacityMeter meter(1'000);
  EXPECT_EQ(meter.Update(Awake(200, true)), 200u);
}

TEST(CapacityMeter, RisesByAHundredthAnInterval) {
  CapacityMeter meter(1'000);
  meter.Update(Awake(500, true));
  EXPECT_EQ(meter.Update(Awake(1'000, true)), 505u);
  EXPECT_EQ(meter.Update(Awake(1'000, true)), 510u);
}

TEST(CapacityMeter, RisesFromTheSmallestValueToo) {
  CapacityMeter meter(1'000);
  meter.Update(Awake(0, true));
  EXPECT_EQ(meter.permille(), 1u);
  EXPECT_EQ(meter.Update(Awake(1'000, true)), 2u);
}

TEST(CapacityMeter, VoluntarySleepIsNotAMissingCpu) {
  CapacityMeter meter(1'000);
  EXPECT_EQ(meter.Update({kSecond, kSecond * 9 / 10, kSecond / 10, false}),
            1'000u);
}

TEST(CapacityMeter, MostOfACpuIsAllOfItUnlessSaturated) {
  EXPECT_EQ(CapacityMeter(1'000).Update(Awake(850, false)), 1'000u);
  EXPECT_EQ(CapacityMeter(1'000).Update(Awake(849, false)), 849u);
  EXPECT_EQ(CapacityMeter(1'000).Update(Awake(850, true)), 850u);
}

TEST(CapacityMeter, TheConfiguredLimitHolds) {
  EXPECT_EQ(CapacityMeter(167).Update(Awake(1'000, true)), 167u);
}

TEST(CapacityMeter, AnIntervalAsleepTellsNothing) {
  CapacityMeter meter(1'000);
  meter.Update(Awake(300, true));
  EXPECT_EQ(meter.Update({kSecond, kSecond - 999'999, 0, false}), 300u);
}

}  // namespace
}  // namespace lb::dataplane
