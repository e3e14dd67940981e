// 100,000 random moves, with processors that hang and return meanwhile, and
// 40,000 with takeovers at any point. Meant for ThreadSanitizer.
#include "gtest/gtest.h"
#include "tests/dataplane/random_moves.h"

namespace lb::dataplane {
namespace {

TEST(RandomMovesLong, KeepEveryPromise) {
  for (const bool live : {false, true}) {
    RandomMoves run({.seed = live ? 20'261'123U : 20'261'124U,
                     .live = live,
                     .moves = 50'000,
                     .hangs = 20});
    run.Run();
    EXPECT_GT(run.takeovers(), 0u);
  }
}

TEST(RandomMovesLong, AddUpWhereverATakeoverComes) {
  for (const bool live : {false, true}) {
    RandomMoves run({.seed = live ? 20'261'128U : 20'261'129U,
                     .live = live,
                     .moves = 20'000,
                     .hasty = true});
    run.Run();
    EXPECT_GT(run.takeovers(), 0u);
  }
}

}  // namespace
}  // namespace lb::dataplane
