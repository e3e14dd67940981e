#include "controller/rpc/open_streams.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "common/status.h"
#include "gmock/gmock.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;

const Method kWatch{"S/Watch", Role::kViewer};
const Method kConnect{"S/Connect", Role::kAgent};

class OpenStreamsTest : public testing::Test {
 protected:
  std::unique_ptr<OpenStreams::Place> Add(const std::string& name) {
    return streams_
        .Add(
            {name, {Role::kViewer}}, kWatch,
            [this](const Identity& identity, const Method& method) {
              EXPECT_EQ(&method, &kWatch);
              return identity.name == refused_
                         ? absl::PermissionDeniedError("no more")
                         : absl::OkStatus();
            },
            [this, name](const absl::Status& status) {
              EXPECT_TRUE(absl::IsPermissionDenied(status));
              closed_.push_back(name);
            })
        .value();
  }

  OpenStreams streams_;
  std::string refused_;
  std::vector<std::string> closed_;
};

TEST_F(OpenStreamsTest, ClosesThoseThatFailTheirCheck) {
  const auto a = Add("a");
  const auto b = Add("b");
  streams_.CloseRefused();
  EXPECT_THAT(closed_, ElementsAre());
  refused_ = "b";
  streams_.CloseRefused();
  EXPECT_THAT(closed_, ElementsAre("b"));
}

TEST_F(OpenStreamsTest, AStreamThatEndedIsLeftAlone) {
  { const auto a = Add("a"); }
  EXPECT_EQ(streams_.size(), 0U);
  refused_ = "a";
  streams_.CloseRefused();
  EXPECT_THAT(closed_, ElementsAre());
}

TEST_F(OpenStreamsTest, AStreamMayEndWhileItIsClosed) {
  std::unique_ptr<OpenStreams::Place> place;
  place = streams_
              .Add(
                  {"a", {}}, kWatch,
                  [](const Identity&, const Method&) {
                    return absl::UnauthenticatedError("expired");
                  },
                  [&place](const absl::Status&) { place.reset(); })
              .value();
  streams_.CloseRefused();
  EXPECT_EQ(streams_.size(), 0U);
}

TEST_F(OpenStreamsTest, TheLastToCloseEndsTheWait) {
  streams_.WaitUntilNone(std::chrono::steady_clock::time_point::max());
  auto one = Add("a");
  auto other = Add("b");
  streams_.WaitUntilNone(std::chrono::steady_clock::now());
  EXPECT_EQ(streams_.size(), 2U);
  std::thread closer([&] {
    one.reset();
    other.reset();
  });
  streams_.WaitUntilNone(std::chrono::steady_clock::time_point::max());
  EXPECT_EQ(streams_.size(), 0U);
  closer.join();
}

TEST_F(OpenStreamsTest, ACallerHasSoManyAndAgentsAnyNumber) {
  std::vector<std::unique_ptr<OpenStreams::Place>> places;
  for (std::size_t i = 0; i < OpenStreams::kMostPerCaller; ++i) {
    places.push_back(Add("a"));
  }
  const auto check = [](const Identity&, const Method&) {
    return absl::OkStatus();
  };
  const auto close = [](const absl::Status&) {};
  const auto refused = streams_.Add({"a", {}}, kWatch, check, close);
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status()));
  EXPECT_EQ(ErrorReason(refused.status()), "TOO_MANY_STREAMS");
  EXPECT_TRUE(streams_.Add({"a", {}}, kConnect, check, close).ok());
  EXPECT_TRUE(streams_.Add({"b", {}}, kWatch, check, close).ok());
  places.pop_back();
  EXPECT_TRUE(streams_.Add({"a", {}}, kWatch, check, close).ok());
}

}  // namespace
}  // namespace lb::controller
