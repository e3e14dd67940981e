#include "controller/core/load_hub.h"

#include <optional>
#include <utility>
#include <vector>

#include "gmock/gmock.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class FakeLoadSink final : public LoadSink {
 public:
  void OnLoad(const ProcessorSample& sample) override {
    seen.emplace_back(sample.host, sample.epoch.value());
    ++unread;
  }
  void OnEnd(absl::Status status) override { ended = std::move(status); }
  std::size_t waiting() const override { return unread; }

  std::vector<std::pair<std::string, std::uint64_t>> seen;
  std::size_t unread = 0;
  std::optional<absl::Status> ended;
};

class LoadHubTest : public testing::Test {
 protected:
  void Publish(const std::string& host, std::uint64_t number) {
    ProcessorSample sample;
    sample.host = host;
    sample.epoch = Epoch(number);
    hub_.Publish(sample);
  }

  LoadHub hub_;
  std::shared_ptr<FakeLoadSink> sink_ = std::make_shared<FakeLoadSink>();
};

TEST_F(LoadHubTest, BringsWhatIsAskedFor) {
  Publish("a", 1);
  hub_.Watch("", sink_);
  const auto other = std::make_shared<FakeLoadSink>();
  const LoadHub::WatchId id = hub_.Watch("b", other);
  Publish("a", 2);
  Publish("b", 3);
  hub_.Unwatch(id);
  Publish("b", 4);
  EXPECT_THAT(sink_->seen,
              ElementsAre(Pair("a", 2), Pair("b", 3), Pair("b", 4)));
  EXPECT_THAT(other->seen, ElementsAre(Pair("b", 3)));
}

TEST_F(LoadHubTest, ASlowWatcherGetsTheNewestOfEachHostOnce) {
  const LoadHub::WatchId id = hub_.Watch("", sink_);
  sink_->unread = LoadHub::kMostWaiting;
  for (std::uint64_t i = 1; i <= 100; ++i) Publish("a", i);
  Publish("b", 7);
  EXPECT_TRUE(sink_->seen.empty());
  sink_->unread = 0;
  // What is held back goes before what comes now.
  Publish("b", 8);
  hub_.OnRoom(id);
  hub_.OnRoom(id);
  EXPECT_THAT(sink_->seen, ElementsAre(Pair("a", 100), Pair("b", 8)));
  Publish("a", 101);
  EXPECT_THAT(sink_->seen.back(), Pair("a", 101));
}

TEST_F(LoadHubTest, RoomIsNotOverfilled) {
  const LoadHub::WatchId id = hub_.Watch("", sink_);
  sink_->unread = LoadHub::kMostWaiting;
  for (std::uint64_t i = 0; i < 10; ++i) Publish("h" + std::to_string(i), i);
  sink_->unread = LoadHub::kMostWaiting - 3;
  hub_.OnRoom(id);
  EXPECT_EQ(sink_->seen.size(), 3U);
}

TEST_F(LoadHubTest, TheEndIsTold) {
  hub_.Watch("", sink_);
  hub_.EndAll(absl::UnavailableError("stopping"));
  EXPECT_TRUE(absl::IsUnavailable(sink_->ended.value()));
  Publish("a", 1);
  EXPECT_TRUE(sink_->seen.empty());
}

}  // namespace
}  // namespace lb::controller
