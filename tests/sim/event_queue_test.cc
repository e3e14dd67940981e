#include "sim/event_queue.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::sim {
namespace {

TEST(EventQueue, RunsByTimeAndThenInTheOrderAskedFor) {
  EventQueue events;
  std::string order;
  EXPECT_EQ(events.next_ns(), EventQueue::kNever);
  events.At(20, [&] { order += 'c'; });
  events.At(10, [&] {
    order += 'a';
    events.At(20, [&] { order += 'e'; });
    events.At(10, [&] { order += 'b'; });
  });
  events.At(20, [&] { order += 'd'; });
  while (events.next_ns() != EventQueue::kNever) {
    const std::int64_t next = events.next_ns();
    events.RunNext();
    EXPECT_EQ(events.now_ns(), next);
  }
  EXPECT_EQ(order, "abcde");
}

}  // namespace
}  // namespace lb::sim
