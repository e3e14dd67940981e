#include "dataplane/core/timing_wheel.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/connection_records.h"

namespace lb::dataplane {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

std::vector<ConnectionIndex> Fired(TimingWheel& wheel, TimerTick now,
                                   std::size_t limit = kNoLimit) {
  std::vector<ConnectionIndex> fired;
  wheel.Advance(now, limit,
                [&](ConnectionIndex index) { fired.push_back(index); });
  return fired;
}

class TimingWheelTest : public ::testing::Test {
 protected:
  ConnectionRecords records_{64, 0};
  TimingWheel wheel_{records_.connections()};
};

TEST_F(TimingWheelTest, EmptyWheelIsNeverDue) {
  EXPECT_EQ(wheel_.NextDue(), kNever);
  EXPECT_THAT(Fired(wheel_, 1'000'000), IsEmpty());
  EXPECT_EQ(wheel_.size(), 0u);
}

TEST_F(TimingWheelTest, FiresAtItsDeadlineAndNotBefore) {
  for (const TimerTick deadline :
       {TimerTick{1}, TimerTick{63}, TimerTick{64}, TimerTick{65},
        TimerTick{4'095}, TimerTick{4'096}, TimerTick{60'000},
        TimerTick{262'143}, TimerTick{262'144}, TimerTick{100'000'000},
        TimerTick{1} << 34}) {
    SCOPED_TRACE(deadline);
    for (const TimerTick start : {TimerTick{0}, TimerTick{77'777}}) {
      TimingWheel wheel(records_.connections(), start);
      wheel.Schedule(3, start + deadline);
      EXPECT_THAT(Fired(wheel, start + deadline - 1), IsEmpty());
      EXPECT_TRUE(TimingWheel::scheduled(records_[3]));
      EXPECT_THAT(Fired(wheel, start + deadline), ElementsAre(3));
      EXPECT_FALSE(TimingWheel::scheduled(records_[3]));
      EXPECT_THAT(Fired(wheel, start + 2 * deadline), IsEmpty());
    }
  }
}

TEST_F(TimingWheelTest, PastDeadlineIsDueAtOnce) {
  Fired(wheel_, 5'000);
  wheel_.Schedule(1, 17);
  EXPECT_LE(wheel_.NextDue(), 5'000u);
  EXPECT_THAT(Fired(wheel_, 5'000), ElementsAre(1));
}

TEST_F(TimingWheelTest, PushedBackFiresLaterOnly) {
  wheel_.Schedule(1, 100);
  TimingWheel::PushBack(records_[1], 90'000);
  EXPECT_THAT(Fired(wheel_, 89'999), IsEmpty());
  EXPECT_THAT(Fired(wheel_, 90'000), ElementsAre(1));
}

TEST_F(TimingWheelTest, RescheduledEarlierFiresEarlier) {
  wheel_.Schedule(1, 90'000);
  wheel_.Reschedule(1, 100);
  EXPECT_LE(wheel_.NextDue(), 100u);
  EXPECT_THAT(Fired(wheel_, 100), ElementsAre(1));
  EXPECT_THAT(Fired(wheel_, 100'000), IsEmpty());
}

TEST_F(TimingWheelTest, CancelledNeverFires) {
  wheel_.Schedule(1, 50);
  wheel_.Schedule(2, 50);
  wheel_.Schedule(3, 50);
  wheel_.Cancel(2);
  wheel_.Cancel(2);
  EXPECT_EQ(wheel_.size(), 2u);
  EXPECT_THAT(Fired(wheel_, 50), UnorderedElementsAre(1, 3));
}

TEST_F(TimingWheelTest, LimitStopsAndTheRestIsStillDue) {
  for (ConnectionIndex i = 0; i < 10; ++i) wheel_.Schedule(i, 200);
  std::vector<ConnectionIndex> fired;
  int calls = 0;
  do {
    std::size_t now_fired = fired.size();
    const std::size_t done = wheel_.Advance(
        200, 4, [&](ConnectionIndex index) { fired.push_back(index); });
    EXPECT_LE(done, 4u);
    EXPECT_LE(fired.size() - now_fired, 4u);
    ++calls;
  } while (wheel_.NextDue() <= 200);
  EXPECT_THAT(fired, UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_GE(calls, 3);
}

TEST_F(TimingWheelTest, FireMayScheduleAndCancel) {
  wheel_.Schedule(1, 10);
  wheel_.Schedule(2, 20);
  std::vector<ConnectionIndex> fired;
  const auto fire = [&](ConnectionIndex index) {
    fired.push_back(index);
    if (index == 1) {
      wheel_.Cancel(2);
      wheel_.Schedule(1, 30);
    }
  };
  wheel_.Advance(25, kNoLimit, fire);
  EXPECT_THAT(fired, ElementsAre(1));
  EXPECT_THAT(Fired(wheel_, 30), ElementsAre(1));
}

TEST_F(TimingWheelTest, SleepingUntilNextDueWakesSeldom) {
  wheel_.Schedule(1, 60'000);
  wheel_.Schedule(2, 250'000);
  int wakes = 0;
  TimerTick fired_at[3] = {};
  while (wheel_.size() > 0) {
    const TimerTick now = wheel_.NextDue();
    wheel_.Advance(now, kNoLimit,
                   [&](ConnectionIndex index) { fired_at[index] = now; });
    ++wakes;
  }
  EXPECT_EQ(fired_at[1], 60'000u);
  EXPECT_EQ(fired_at[2], 250'000u);
  EXPECT_EQ(wakes, 2);  // each alone in its slot
}

TEST_F(TimingWheelTest, SeveralInASlotAreFiledAgainTogether) {
  for (ConnectionIndex i = 0; i < 10; ++i) wheel_.Schedule(i, 60'000 + 100 * i);
  int wakes = 0;
  std::vector<TimerTick> fired_at(10);
  while (wheel_.size() > 0) {
    const TimerTick now = wheel_.NextDue();
    wheel_.Advance(now, kNoLimit,
                   [&](ConnectionIndex index) { fired_at[index] = now; });
    ++wakes;
  }
  for (ConnectionIndex i = 0; i < 10; ++i) {
    EXPECT_EQ(fired_at[i], 60'000 + 100 * i);
  }
  EXPECT_LE(wakes, 12);  // two slots of 4,096 ticks
}

TEST_F(TimingWheelTest, MovesAsPlainData) {
  wheel_.Schedule(1, 100);
  wheel_.Schedule(2, 100'000);
  TimingWheel moved = wheel_;
  EXPECT_THAT(Fired(moved, 100), ElementsAre(1));
  EXPECT_THAT(Fired(moved, 100'000), ElementsAre(2));
}

// Every connection's deadline by an ordered multimap: the oracle.
class Deadlines {
 public:
  bool Has(ConnectionIndex index) const { return where_.count(index) > 0; }
  TimerTick Of(ConnectionIndex index) const { return where_.at(index)->first; }
  void Set(ConnectionIndex index, TimerTick deadline) {
    Erase(index);
    where_[index] = due_.emplace(deadline, index);
  }
  void Erase(ConnectionIndex index) {
    if (!Has(index)) return;
    due_.erase(where_.at(index));
    where_.erase(index);
  }
  TimerTick Earliest() const {
    return due_.empty() ? kNever : due_.begin()->first;
  }
  std::size_t size() const { return due_.size(); }

 private:
  std::multimap<TimerTick, ConnectionIndex> due_;
  std::map<ConnectionIndex, std::multimap<TimerTick, ConnectionIndex>::iterator>
      where_;
};

class WheelAgainstOracle {
 public:
  explicit WheelAgainstOracle(std::uint32_t seed) : random_(seed) {}

  void Step() {
    const auto index = static_cast<ConnectionIndex>(Below(kConnections));
    switch (Below(8)) {
      case 0:
      case 1:
      case 2:
        if (oracle_.Has(index)) {
          PushBack(index);
        } else {
          // A quarter is already due.
          const TimerTick early = std::min<TimerTick>(now_, Below(200));
          const TimerTick deadline =
              Below(4) == 0 ? now_ - early : now_ + Span();
          wheel_.Schedule(index, deadline);
          oracle_.Set(index, deadline);
        }
        break;
      case 3:
        if (oracle_.Has(index)) PushBack(index);
        break;
      case 4:
        if (oracle_.Has(index)) {
          const TimerTick deadline = now_ + Span();
          wheel_.Reschedule(index, deadline);
          oracle_.Set(index, deadline);
        }
        break;
      case 5:
        wheel_.Cancel(index);
        oracle_.Erase(index);
        break;
      default:
        Advance();
    }
    ASSERT_LE(wheel_.NextDue(), std::max(oracle_.Earliest(), now_));
    ASSERT_EQ(wheel_.size(), oracle_.size());
    ASSERT_EQ(TimingWheel::scheduled(records_[index]), oracle_.Has(index));
  }

  void Advance() {
    // Often exactly when the wheel asks for it, as the timer thread does.
    if (Below(3) == 0 && wheel_.NextDue() != kNever) {
      now_ = std::max(now_, wheel_.NextDue());
    } else {
      now_ += Span();
    }
    const std::size_t limit = Below(3) == 0 ? 1 + Below(5) : kNoLimit;
    const bool again = Below(4) == 0;
    const std::size_t done =
        wheel_.Advance(now_, limit, [&](ConnectionIndex index) {
          ASSERT_TRUE(oracle_.Has(index)) << "fired without a timer " << index;
          ASSERT_LE(oracle_.Of(index), now_) << "early " << index;
          ASSERT_FALSE(TimingWheel::scheduled(records_[index]));
          oracle_.Erase(index);
          ++fired_;
          if (again) {
            const TimerTick deadline = now_ + 1 + Span();
            wheel_.Schedule(index, deadline);
            oracle_.Set(index, deadline);
          }
        });
    ASSERT_LE(done, limit);
    if (done < limit) {
      ASSERT_GT(wheel_.NextDue(), now_);
      ASSERT_GT(oracle_.Earliest(), now_) << "not fired";
    }
  }

  std::uint64_t fired() const { return fired_; }

 private:
  static constexpr std::uint32_t kConnections = 300;

  void PushBack(ConnectionIndex index) {
    const TimerTick deadline = oracle_.Of(index) + Span();
    TimingWheel::PushBack(records_[index], deadline);
    oracle_.Set(index, deadline);
  }

  std::uint64_t Below(std::uint64_t n) { return random_() % n; }

  // Around the borders of levels, and now and then far beyond the last.
  TimerTick Span() {
    static constexpr TimerTick kAround[] = {
        0, 1, 5, 64, 128, 4'096, 60'000, 262'144, 524'288, 20'000'000};
    if (Below(2'000) == 0) return TimerTick{1} << (20 + Below(12));
    // Far jumps are rare, or nothing ever waits.
    const TimerTick around = kAround[std::min(Below(10), Below(10))];
    return around + Below(3) + (Below(2) == 0 ? Below(around + 1) : 0);
  }

  std::mt19937 random_;
  ConnectionRecords records_{kConnections, 0};
  TimingWheel wheel_{records_.connections()};
  Deadlines oracle_;
  TimerTick now_ = 0;
  std::uint64_t fired_ = 0;
};

TEST(TimingWheelProperty, FiresExactlyOnceAndNeverEarly) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    WheelAgainstOracle run(seed);
    for (int step = 0; step < 20'000; ++step) {
      run.Step();
      ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "step " << step;
    }
    EXPECT_GT(run.fired(), 1'000u);
  }
}

}  // namespace
}  // namespace lb::dataplane
