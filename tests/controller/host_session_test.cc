#include "controller/core/host_session.h"

#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/fake_agent_link.h"
#include "tests/support/fake_clock.h"
#include "tests/support/simulated_host.h"

namespace lb::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

SimulatedHost MakeHost() {
  return SimulatedHost("a", 2, std::vector<std::uint64_t>(64, 1'000'000));
}

struct BadHello {
  const char* name;
  std::function<void(Hello&)> spoil;
  absl::StatusCode code;
  const char* words;
};

class HelloTest : public testing::TestWithParam<BadHello> {};

TEST_P(HelloTest, IsRefusedByName) {
  Hello hello = MakeHost().MakeHello();
  ASSERT_TRUE(ValidateHello(hello).ok());
  GetParam().spoil(hello);
  const absl::Status status = ValidateHello(hello);
  EXPECT_EQ(status.code(), GetParam().code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().words));
}

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

INSTANTIATE_TEST_SUITE_P(
    All, HelloTest,
    testing::Values(
        BadHello{"name", [](Hello& h) { h.host = "-"; }, kInvalid,
                 "is not a name"},
        BadHello{"slash", [](Hello& h) { h.host = "a/b"; }, kInvalid,
                 "is not a name"},
        BadHello{"long", [](Hello& h) { h.host = std::string(64, 'a'); },
                 kInvalid, "is not a name"},
        BadHello{"instance", [](Hello& h) { h.instance_id.clear(); }, kInvalid,
                 "instance id"},
        BadHello{"protocol", [](Hello& h) { h.protocol_revision = 3; },
                 absl::StatusCode::kFailedPrecondition, "protocol revision 3"},
        BadHello{"layout", [](Hello& h) { h.layout.buckets = 65; }, kInvalid,
                 "buckets is 65"},
        BadHello{"processors", [](Hello& h) { h.layout.processors.clear(); },
                 kInvalid, "0 processors"},
        BadHello{"table", [](Hello& h) { h.table.owner.pop_back(); }, kInvalid,
                 "table has 63 buckets"},
        BadHello{"owner", [](Hello& h) { h.table.owner[5] = ProcessorId(2); },
                 kInvalid, "bucket 5 to processor 2"},
        BadHello{"key", [](Hello& h) { h.table.key_id = "other"; }, kInvalid,
                 "key other"},
        BadHello{"digest", [](Hello& h) { h.digest = Digest(1); }, kInvalid,
                 "the hello says 1"},
        BadHello{"epoch", [](Hello& h) { h.seen_epoch = Epoch(1ULL << 63); },
                 kInvalid, "is beyond"},
        BadHello{"label", [](Hello& h) { h.labels[""] = "x"; }, kInvalid,
                 "label"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

class HostSessionTest : public testing::Test {
 protected:
  HostSessionTest() {
    clock_.Advance(std::chrono::hours(1));
    session_.emplace(1, std::make_shared<FakeAgentLink>(), host_.MakeHello(),
                     clock_.Monotonic());
  }

  // A report that ended `ago` before it arrived, on a clock of the agent's
  // that runs 1000 s behind ours.
  absl::Status Arrive(std::chrono::nanoseconds ago) {
    const std::chrono::nanoseconds end =
        std::chrono::nanoseconds(clock_.Monotonic().time_since_epoch()) - ago -
        seconds(1'000);
    return session_->OnReport(host_.MakeReport(end, seconds(1)),
                              clock_.Monotonic());
  }

  FakeClock clock_;
  SimulatedHost host_ = MakeHost();
  std::optional<HostSession> session_;
};

TEST_F(HostSessionTest, AgeIsWhatAReportLostAgainstTheFastestOne) {
  ASSERT_TRUE(Arrive(milliseconds(20)).ok());
  EXPECT_EQ(session_->age(), milliseconds(0));
  clock_.Advance(seconds(2));
  ASSERT_TRUE(Arrive(milliseconds(1'320)).ok());
  // Of 2 s, 1 ms may be drift.
  EXPECT_EQ(session_->age(), milliseconds(1'299));
  clock_.Advance(seconds(2));
  ASSERT_TRUE(Arrive(milliseconds(5)).ok());
  EXPECT_EQ(session_->age(), milliseconds(0));
}

TEST_F(HostSessionTest, ClocksThatDriftApartMakeNoReportOld) {
  // 50 ppm for two days: 8.6 s.
  for (int minute = 0; minute < 2 * 24 * 60; ++minute) {
    ASSERT_TRUE(Arrive(std::chrono::milliseconds(3) * minute).ok());
    EXPECT_LT(session_->age(), milliseconds(1));
    EXPECT_FALSE(session_->Stale(clock_.Monotonic(), seconds(1)));
    clock_.Advance(seconds(60));
  }
}

TEST_F(HostSessionTest, StaleAfterThreeIntervalsWithoutAReport) {
  EXPECT_FALSE(session_->Stale(clock_.Monotonic(), seconds(1)));
  clock_.Advance(milliseconds(3'001));
  EXPECT_TRUE(session_->Stale(clock_.Monotonic(), seconds(1)));
  ASSERT_TRUE(Arrive(milliseconds(10)).ok());
  EXPECT_FALSE(session_->Stale(clock_.Monotonic(), seconds(1)));
  clock_.Advance(seconds(3));
  EXPECT_FALSE(session_->Stale(clock_.Monotonic(), seconds(1)));
  clock_.Advance(milliseconds(1));
  EXPECT_TRUE(session_->Stale(clock_.Monotonic(), seconds(1)));
}

TEST_F(HostSessionTest, AReportThatTookTooLongDoesNotMakeAHostFresh) {
  ASSERT_TRUE(Arrive(milliseconds(10)).ok());
  clock_.Advance(seconds(10));
  ASSERT_TRUE(Arrive(seconds(6)).ok());
  EXPECT_TRUE(session_->Stale(clock_.Monotonic(), seconds(1)));
}

TEST_F(HostSessionTest, TheSequenceRisesAndTimePasses) {
  ASSERT_TRUE(Arrive(milliseconds(0)).ok());
  EXPECT_EQ(session_->reported(), seconds(1));
  host_.sequence = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(Arrive(milliseconds(0))));
  Report backwards = host_.MakeReport(seconds(5), seconds(1));
  backwards.sequence = 10;
  backwards.load.end = backwards.load.start;
  EXPECT_TRUE(absl::IsInvalidArgument(
      session_->OnReport(backwards, clock_.Monotonic())));
  EXPECT_EQ(session_->reported(), seconds(1));
}

TEST_F(HostSessionTest, NoClockIsFurtherThanTimesCanTell) {
  const auto arrive = [this](std::chrono::nanoseconds end) {
    return session_->OnReport(host_.MakeReport(end, seconds(1)),
                              clock_.Monotonic());
  };
  EXPECT_TRUE(absl::IsInvalidArgument(arrive(std::chrono::nanoseconds::max())));
  const std::chrono::hours century{876'000};
  ASSERT_TRUE(arrive(century).ok());
  ASSERT_TRUE(arrive(seconds(2)).ok());
  EXPECT_EQ(session_->age(), century - seconds(2));
}

}  // namespace
}  // namespace lb::controller
