#include "controller/heartbeat.h"

#include <memory>
#include <sstream>
#include <string>

#include "common/log.h"
#include "gmock/gmock.h"
#include "spdlog/sinks/ostream_sink.h"
#include "tests/support/fake_clock.h"
#include "tests/support/notify_socket.h"
#include "tests/support/temp_dir.h"

namespace lb::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr milliseconds kNow{0};

class HeartbeatTest : public testing::Test {
 protected:
  HeartbeatTest() {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_)));
    spdlog::set_pattern("%v");
    status_.hosts = 3;
    status_.connected_hosts = 2;
    status_.identity.term = Term(7);
  }
  // What was logged since the last time.
  std::string Logged() {
    std::string text = log_.str();
    log_.str("");
    return text;
  }
  void Start(Heartbeat& heart) {
    heart.Start();
    loop_.RunReady();
  }
  void Pass(std::chrono::nanoseconds time) {
    clock_.Advance(time);
    loop_.RunReady();
  }
  Heartbeat::Look Look() {
    return [this] { return status_; };
  }

  const TempDir directory_;
  const NotifySocket socket_{directory_.File("notify")};
  FakeClock clock_;
  EventLoop loop_{clock_};
  ControllerStatus status_;
  std::ostringstream log_;
};

TEST_F(HeartbeatTest, BeatsThriceWithinTheManagersPatience) {
  const ServiceManager manager(socket_.path(), seconds(6));
  Heartbeat heart(loop_, clock_, manager, Look());
  Start(heart);
  EXPECT_EQ(socket_.Next(kNow), "WATCHDOG=1");
  EXPECT_EQ(socket_.Next(kNow),
            "STATUS=ACTIVE: 2 of 3 hosts are connected, term 7");
  Pass(milliseconds(1'999));
  EXPECT_EQ(socket_.Next(kNow), "");
  Pass(milliseconds(1));
  EXPECT_EQ(socket_.Next(kNow), "WATCHDOG=1");
  EXPECT_EQ(socket_.Next(kNow), "");
}

TEST_F(HeartbeatTest, TellsHowItIsWhenThatChanges) {
  const ServiceManager manager(socket_.path());
  Heartbeat heart(loop_, clock_, manager, Look());
  Start(heart);
  socket_.NextWith("STATUS=", kNow);
  status_.state = ControllerState::kDegraded;
  status_.reason = "the disk is full";
  status_.connected_hosts = 3;
  Pass(Heartbeat::kLongestInterval);
  EXPECT_EQ(socket_.NextWith("STATUS=", kNow),
            "STATUS=DEGRADED: 3 of 3 hosts are connected, term 7; the disk is "
            "full");
  Pass(Heartbeat::kLongestInterval);
  EXPECT_EQ(socket_.NextWith("STATUS=", kNow), "");
}

TEST_F(HeartbeatTest, LogsTheAuditsHeadOnceAMinuteWhenItChanged) {
  const ServiceManager manager("");
  Heartbeat heart(loop_, clock_, manager, Look());
  Start(heart);
  EXPECT_EQ(Logged(), "");
  status_.head.sequence = 5;
  status_.head.hash[31] = 0xab;
  Pass(seconds(55));
  EXPECT_EQ(Logged(), "");
  Pass(seconds(5));
  EXPECT_EQ(Logged(), "audit head 5:" + std::string(62, '0') + "ab\n");
  Pass(minutes(5));
  EXPECT_EQ(Logged(), "");
  status_.head.sequence = 6;
  heart.LogAuditHead();
  EXPECT_THAT(Logged(), testing::StartsWith("audit head 6:"));
}

}  // namespace
}  // namespace lb::controller
