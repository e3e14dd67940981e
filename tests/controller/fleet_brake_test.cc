#include "controller/core/fleet_brake.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::controller {
namespace {

std::string HostNumber(int i) { return "h" + std::to_string(i); }

class FleetBrakeTest : public testing::Test {
 protected:
  void Plan(int hosts) {
    for (int i = 0; i < hosts; ++i) brake_.NotePlanned(HostNumber(i), now_);
  }
  void Reject(int hosts) {
    for (int i = 0; i < hosts; ++i) brake_.NoteRejected(HostNumber(i), now_);
  }
  bool MustHalt() { return FleetBrake::MustHalt(brake_.Look(now_)); }

  FleetBrake brake_;
  MonotonicTime now_{std::chrono::hours(1)};
};

TEST_F(FleetBrakeTest, ThreeHostsAtLeast) {
  Plan(3);
  Reject(2);
  // However often.
  Reject(2);
  EXPECT_FALSE(MustHalt());
  Reject(3);
  EXPECT_TRUE(MustHalt());
}

TEST_F(FleetBrakeTest, AndThreePercentOfThosePlanned) {
  Plan(200);
  Reject(5);
  EXPECT_FALSE(MustHalt());
  Reject(6);
  EXPECT_TRUE(MustHalt());
}

TEST_F(FleetBrakeTest, WhatIsLongAgoIsForgotten) {
  Plan(10);
  Reject(2);
  now_ += FleetBrake::kWindow;
  brake_.NoteRejected(HostNumber(5), now_);
  EXPECT_TRUE(MustHalt());
  now_ += std::chrono::seconds(1);
  EXPECT_FALSE(MustHalt());
}

TEST_F(FleetBrakeTest, OfAHostItsLastTimeCounts) {
  Plan(3);
  Reject(3);
  now_ += FleetBrake::kWindow;
  Reject(1);  // the oldest becomes the newest
  now_ += std::chrono::seconds(1);
  const FleetBrake::Count count = brake_.Look(now_);
  EXPECT_EQ(count.planned, 0U);
  EXPECT_EQ(count.wrong, 1U);
  now_ += FleetBrake::kWindow;
  EXPECT_EQ(brake_.Look(now_).wrong, 0U);
}

TEST_F(FleetBrakeTest, WorseIsMoreThanNoise) {
  Plan(3);
  for (int i = 0; i < 3; ++i) {
    brake_.NoteMeasured(HostNumber(i), 1.2, 1.31, now_);
  }
  EXPECT_FALSE(MustHalt());
  for (int i = 0; i < 3; ++i) {
    brake_.NoteMeasured(HostNumber(i), 1.2, 1.33, now_);
  }
  EXPECT_TRUE(MustHalt());
  brake_.Forgive();
  EXPECT_FALSE(MustHalt());
}

}  // namespace
}  // namespace lb::controller
