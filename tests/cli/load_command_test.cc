#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/v1/load_service.pb.h"
#include "tests/cli/online_fixture.h"

namespace lb::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// Processor 0 used half of half a CPU; 1 is out of service.
v1::Load MakeLoad() {
  v1::Load load;
  load.set_host("hosts/edge-1");
  load.mutable_time()->set_seconds(kNow);
  load.set_interval_ns(1'000'000'000);
  load.set_epoch(7);
  v1::ProcessorLoad* p = load.add_processors();
  p->set_busy_ns(250'000'000);
  p->set_capacity_permille(500);
  p->set_in_service(true);
  p->set_packets(1'200);
  load.add_processors()->set_capacity_permille(1'000);
  return load;
}

class LoadCommandTest : public OnlineTest {};

TEST_F(LoadCommandTest, ListAsksForATimeAndShowsUtilizations) {
  v1::ListLoadsRequest asked;
  api_.On<v1::ListLoadsRequest>([&](const v1::ListLoadsRequest& request) {
    asked = request;
    v1::ListLoadsResponse response;
    *response.add_loads() = MakeLoad();
    return FakeAnswer(response);
  });
  Serve();
  const CommandResult result = Run({"load", "list", "edge-1", "--from", "-10m",
                                    "--to", "2026-01-01T00:00:00Z"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(asked.parent(), "hosts/edge-1");
  EXPECT_EQ(asked.start_time().seconds(), kNow - 600);
  EXPECT_EQ(asked.end_time().seconds(), kNow);
  EXPECT_EQ(
      result.out,
      "TIME                      INTERVAL  EPOCH  PACKETS  UTILIZATION OF EACH "
      "PROCESSOR\n"
      "2026-01-01T00:00:00.000Z     1.00s      7    1.20k  50.0% -\n");
  EXPECT_EQ(RunJson({"load", "list",
                     "edge-1"})["loads"][0]["processors"][0]["busy_ns"],
            "250000000");
  EXPECT_FALSE(asked.has_start_time());
  EXPECT_FALSE(asked.has_end_time());
}

TEST_F(LoadCommandTest, ListsMinutesAndHours) {
  v1::Resolution asked = v1::RESOLUTION_UNSPECIFIED;
  api_.On<v1::ListLoadsRequest>([&](const v1::ListLoadsRequest& request) {
    asked = request.resolution();
    v1::ListLoadsResponse response;
    v1::Load& load = *response.add_loads();
    load = MakeLoad();
    load.mutable_processors(1)->set_in_service(false);
    load.set_reports(60);
    load.add_max_utilization_permille(875);
    load.add_max_utilization_permille(0);
    return FakeAnswer(response);
  });
  Serve();
  const CommandResult result =
      Run({"load", "list", "edge-1", "--resolution", "minute"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(asked, v1::RESOLUTION_MINUTE);
  EXPECT_EQ(
      result.out,
      "TIME                      MEASURED  REPORTS  PACKETS  MEAN<HIGHEST "
      "UTILIZATION OF EACH PROCESSOR\n"
      "2026-01-01T00:00:00.000Z     1.00s       60    1.20k  50.0%<87.5% -\n");
  Run({"load", "list", "edge-1", "--resolution", "hour"});
  EXPECT_EQ(asked, v1::RESOLUTION_HOUR);
  Run({"load", "list", "edge-1"});
  EXPECT_EQ(asked, v1::RESOLUTION_REPORT);
}

TEST_F(LoadCommandTest, WatchPrintsLoadsUntilTheStreamEnds) {
  std::string asked;
  api_.On<v1::WatchLoadsRequest>([&](const v1::WatchLoadsRequest& request) {
    asked = request.parent();
    v1::WatchLoadsResponse response;
    *response.mutable_load() = MakeLoad();
    return FakeAnswer(response).Then(response);
  });
  Serve();
  const CommandResult result = Run({"load", "watch"});
  EXPECT_EQ(asked, "hosts/-");
  EXPECT_THAT(
      result.out,
      ContainsRegex("^2026-01-01T00:00:00.000Z  edge-1 +packets +1.20k  "
                    "50.0% -\n2026[^\n]+\n$"));
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("the controller ended the stream"));
  Run({"load", "watch", "--host", "edge-1"});
  EXPECT_EQ(asked, "hosts/edge-1");
}

TEST_F(LoadCommandTest, AHostThatIsNotThereIsNotWatched) {
  api_.On<v1::WatchLoadsRequest>(absl::NotFoundError("there is no host b"));
  Serve();
  const CommandResult result = Run({"load", "watch", "--host", "b"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "lbctl: error: there is no host b\n");
}

TEST_F(LoadCommandTest, WrongArguments) {
  ExpectUsageErrors({{"load", "list"},
                     {"load", "list", "a", "--from", "1h"},
                     {"load", "list", "a", "--to", "tomorrow"},
                     {"load", "list", "a", "--resolution", "day"},
                     {"load", "list", "a", "--from", "-1h", "--to", "-2h"},
                     {"load", "watch", "--host", "-"}});
  EXPECT_THAT(
      RunBare({"load", "list", "a", "--from", "-1h", "--to", "-2h"}).err,
      HasSubstr("--to is 2025-12-31T22:00:00.000Z, which is not after --from"));
}

}  // namespace
}  // namespace lb::cli
