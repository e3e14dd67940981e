// Timers of handlers: exactly once, never early, on the bucket's owner.
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

#include "dataplane/engine/engine.h"
#include "gtest/gtest.h"
#include "tests/dataplane/small_engine.h"
#include "tests/support/frame_source.h"

namespace lb::dataplane {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::uint32_t kProcessors = 4;

// Counts up to a number that a test waits for.
class Countdown {
 public:
  explicit Countdown(std::uint64_t from) : left_(from) {}
  void Count() {
    const std::lock_guard lock(mutex_);
    if (left_ > 0 && --left_ == 0) done_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  std::uint64_t left_;
};

// handler_state[0]: when the timer may fire at the earliest; [1]: how often it
// has fired.
class TimerHandler final : public PacketHandler {
 public:
  // The time to set with this packet; zero: none.
  using TimeOf = std::function<milliseconds(const Connection&)>;
  // What OnTimer() returns; after the call, times fired are counted.
  using Next = std::function<std::optional<milliseconds>(std::uint64_t fired)>;
  struct Watch {
    std::atomic<std::uint64_t> fired{0};
    std::atomic<std::uint64_t> early{0};
    // After that time the owner of every bucket is `owner`.
    std::atomic<std::int64_t> moved_ns{INT64_MAX};
    std::atomic<std::uint64_t> elsewhere{0};
    ProcessorId owner{};
  };

  TimerHandler(ProcessorId id, TimeOf time_of, Next next, Watch& watch,
               Countdown& countdown)
      : id_(id),
        time_of_(std::move(time_of)),
        next_(std::move(next)),
        watch_(watch),
        countdown_(countdown) {}

  Verdict OnPacket(Connection& connection, Packet&,
                   PacketContext& context) override {
    const milliseconds after = time_of_(connection);
    if (after > after.zero()) {
      context.SetTimer(after);
      connection.handler_state[0] = static_cast<std::uint64_t>(
          context.now_ns() + nanoseconds(after).count());
    }
    return Verdict::kConsumed;
  }

  std::optional<milliseconds> OnTimer(Connection& connection,
                                      std::int64_t now_ns) override {
    ++watch_.fired;
    if (now_ns < static_cast<std::int64_t>(connection.handler_state[0])) {
      ++watch_.early;
    }
    if (now_ns > watch_.moved_ns && id_ != watch_.owner) ++watch_.elsewhere;
    const auto next = next_(++connection.handler_state[1]);
    if (next.has_value()) {
      connection.handler_state[0] =
          static_cast<std::uint64_t>(now_ns + nanoseconds(*next).count());
    }
    countdown_.Count();
    return next;
  }

 private:
  const ProcessorId id_;
  const TimeOf time_of_;
  const Next next_;
  Watch& watch_;
  Countdown& countdown_;
};

EngineOptions Options(const FrameSourceOptions& source,
                      PacketHandlerFactory handler) {
  EngineOptions options = SmallEngine(64, kProcessors);
  options.handler = std::move(handler);
  options.sources.push_back(std::make_unique<FrameSource>(source));
  return options;
}

std::optional<milliseconds> Never(std::uint64_t) { return std::nullopt; }

// Set with the first packet, in place of an idle timeout a minute away; the
// packets that follow do not put it off. 1 to 20 ms, by connection.
TEST(HandlerTimers, FireOnceEachAndNotEarly) {
  constexpr std::uint32_t kConnections = 400;
  TimerHandler::Watch watch;
  Countdown countdown(kConnections);
  auto engine = *Engine::Create(Options(
      {.packets = 50'000, .connections = kConnections}, [&](ProcessorId id) {
        return std::make_unique<TimerHandler>(
            id,
            [](const Connection& c) {
              return milliseconds(c.packets == 1 ? 1 + c.hash % 20 : 0);
            },
            Never, watch, countdown);
      }));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  countdown.Wait();
  engine->Stop();
  // On a slow machine a connection may be forgotten and come back; those that
  // did have their timer still ahead.
  EXPECT_LE(watch.fired, engine->Summary().connections);
  EXPECT_GE(watch.fired, kConnections);
  EXPECT_EQ(watch.early, 0u);
}

// Every packet puts it off: while packets come it never fires, and then once.
TEST(HandlerTimers, PutOffByEveryPacketFireOnlyWhenItIdles) {
  constexpr std::uint32_t kConnections = 20;
  TimerHandler::Watch watch;
  Countdown countdown(kConnections);
  auto engine = *Engine::Create(Options(
      {.packets = 100'000, .connections = kConnections}, [&](ProcessorId id) {
        return std::make_unique<TimerHandler>(
            id, [](const Connection&) { return milliseconds(200); }, Never,
            watch, countdown);
      }));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  countdown.Wait();
  engine->Stop();
  EXPECT_EQ(watch.fired, engine->Summary().connections);
  EXPECT_EQ(watch.early, 0u);
}

// Keepalive: called every 5 ms while the connection idles, four times, then it
// is forgotten.
TEST(HandlerTimers, ComeBackAsOftenAsTheHandlerAsks) {
  constexpr std::uint32_t kConnections = 100;
  TimerHandler::Watch watch;
  Countdown countdown(4 * kConnections);
  auto engine = *Engine::Create(Options(
      {.packets = kConnections * 10, .connections = kConnections},
      [&](ProcessorId id) {
        return std::make_unique<TimerHandler>(
            id, [](const Connection&) { return milliseconds(30); },
            [](std::uint64_t fired) {
              return fired < 4 ? std::optional(milliseconds(5)) : std::nullopt;
            },
            watch, countdown);
      }));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  countdown.Wait();
  engine->Stop();
  EXPECT_EQ(watch.fired, 4 * engine->Summary().connections);
  EXPECT_EQ(watch.early, 0u);
}

// Buckets wander while their timers run, and come to rest at processor 3 before
// the last of them: exactly once each, and there.
TEST(HandlerTimers, MoveWithTheBucket) {
  constexpr std::uint64_t kSeed = 20'261'124;
  constexpr std::uint32_t kConnections = 500;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937_64 random(kSeed);
  TimerHandler::Watch watch;
  watch.owner = ProcessorId(3);
  // Keepalive every 3 ms until a wanted number, so that some fire at any time.
  constexpr std::uint64_t kTimes = 60;
  Countdown countdown(kTimes * kConnections);
  auto engine = *Engine::Create(Options(
      {.packets = kConnections * 20, .connections = kConnections},
      [&](ProcessorId id) {
        return std::make_unique<TimerHandler>(
            id,
            [](const Connection& c) {
              return milliseconds(c.packets == 1 ? 3 : 0);
            },
            [](std::uint64_t fired) {
              return fired < kTimes ? milliseconds(3) : milliseconds(3'600'000);
            },
            watch, countdown);
      }));
  engine->Start();
  for (int i = 0; i < 30; ++i) {
    Table next = engine->table();
    for (ProcessorId& owner : next.owner) {
      owner = ProcessorId(static_cast<std::uint16_t>(random() % kProcessors));
    }
    ASSERT_TRUE(engine->Apply(next).ok());
  }
  Table rest = engine->table();
  for (ProcessorId& owner : rest.owner) owner = ProcessorId(3);
  ASSERT_TRUE(engine->Apply(rest).ok());
  // A millisecond later: the engine's clock drifts a little from this one.
  watch.moved_ns =
      nanoseconds(std::chrono::steady_clock::now().time_since_epoch() +
                  milliseconds(1))
          .count();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  countdown.Wait();
  engine->Stop();
  EXPECT_EQ(engine->Summary().connections, kConnections);
  EXPECT_EQ(watch.fired, kTimes * kConnections);
  EXPECT_EQ(watch.early, 0u);
  EXPECT_EQ(watch.elsewhere, 0u);
  EXPECT_EQ(engine->Summary().counters.lost, 0u);
}

}  // namespace
}  // namespace lb::dataplane
