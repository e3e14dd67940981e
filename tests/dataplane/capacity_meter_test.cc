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

// Awake for a tenth of the time.
CapacityMeter::Interval MostlyAsleep(std::int64_t cpu_permille_of_awake) {
  const std::int64_t awake = kSecond / 10;
  return {kSecond, kSecond - awake, cpu_permille_of_awake * awake / 1'000,
          false};
}

TEST(CapacityMeter, RisesByAHundredthOfACpuASecond) {
  CapacityMeter meter(1'000);
  meter.Update(Awake(300, true));
  EXPECT_EQ(meter.Update(MostlyAsleep(1'000)), 310u);
  EXPECT_EQ(meter.Update(MostlyAsleep(1'000)), 320u);
  CapacityMeter::Interval half = MostlyAsleep(1'000);
  half.wall_ns /= 2;
  half.sleep_ns /= 2;
  half.cpu_ns /= 2;
  EXPECT_EQ(meter.Update(half), 325u);
}

TEST(CapacityMeter, RisesFromTheSmallestValueToo) {
  CapacityMeter meter(1'000);
  meter.Update(Awake(0, true));
  EXPECT_EQ(meter.permille(), 1u);
  EXPECT_EQ(meter.Update(MostlyAsleep(500)), 50u);  // got 50 permille: proof
}

// What a processor got it can get, whatever was measured before.
TEST(CapacityMeter, IsNeverBelowWhatWasGot) {
  CapacityMeter meter(1'000);
  meter.Update(Awake(30, true));
  EXPECT_EQ(meter.Update(Awake(600, true)), 600u);
}

// A plan cuts intervals short; a preemption in 30 ms is not a slow CPU.
TEST(CapacityMeter, TakesSliversTogether) {
  CapacityMeter meter(1'000);
  constexpr std::int64_t kMs = 1'000'000;
  EXPECT_EQ(meter.Update({30 * kMs, 0, kMs, true}), 1'000u);
  // 480 of 510 ms awake, 451 of them with the CPU.
  EXPECT_EQ(meter.Update({480 * kMs, 30 * kMs, 450 * kMs, false}), 1'000u);
  EXPECT_EQ(meter.Update({300 * kMs, 0, 30 * kMs, true}), 1'000u);
  EXPECT_EQ(meter.Update({300 * kMs, 0, 30 * kMs, true}), 100u);
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
