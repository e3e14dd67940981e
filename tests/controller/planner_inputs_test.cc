#include "controller/core/planner_inputs.h"

#include <random>

#include "gtest/gtest.h"

namespace lb::controller {
namespace {

struct Inputs {
  balance::Snapshot snapshot;
  balance::PlanRequest request;
};

Inputs RandomInputs(std::uint32_t seed) {
  std::mt19937_64 random(seed);
  Inputs inputs;
  const std::size_t processors = 1 + random() % 8;
  for (std::size_t i = 0; i < processors; ++i) {
    balance::ProcessorState processor;
    processor.capacity_permille =
        1 + static_cast<std::uint32_t>(random() % 1'000);
    if (random() % 2 == 0)
      processor.busy_ns_per_s = random() >> (random() % 64);
    processor.in_service = random() % 4 != 0;
    inputs.snapshot.processors.push_back(processor);
  }
  for (int b = 0; b < 64; ++b) {
    balance::BucketState bucket;
    bucket.owner =
        ProcessorId(static_cast<std::uint16_t>(random() % processors));
    bucket.connections = static_cast<std::uint32_t>(random());
    bucket.load_ns_per_s = random() >> (random() % 64);
    bucket.pinned = random() % 2 == 0;
    bucket.resting = random() % 2 == 0;
    if (random() % 2 == 0) bucket.no_return = ProcessorId(3);
    inputs.snapshot.buckets.push_back(bucket);
  }
  inputs.request.target_permille = static_cast<std::uint32_t>(random());
  inputs.request.tolerated_permille = static_cast<std::uint32_t>(random());
  if (random() % 2 == 0) {
    inputs.request.max_moves = static_cast<std::uint32_t>(random());
  }
  inputs.request.damping_permille = static_cast<std::uint32_t>(random());
  return inputs;
}

TEST(PlannerInputs, ReadBackAsTheyWere) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    const Inputs inputs = RandomInputs(seed);
    const std::string bytes =
        SerializePlannerInputs(inputs.snapshot, inputs.request);
    const auto parsed = ParsePlannerInputs(bytes);
    ASSERT_TRUE(parsed.ok()) << "seed " << seed << ": " << parsed.status();
    // Equal inputs give equal bytes and, all fields being read, the reverse.
    EXPECT_EQ(SerializePlannerInputs(parsed->snapshot, parsed->request), bytes)
        << "seed " << seed;
    ASSERT_EQ(parsed->snapshot.buckets.size(), 64U);
    for (std::size_t b = 0; b < 64; ++b) {
      EXPECT_EQ(parsed->snapshot.buckets[b].load_ns_per_s,
                inputs.snapshot.buckets[b].load_ns_per_s);
      EXPECT_EQ(parsed->snapshot.buckets[b].connections,
                inputs.snapshot.buckets[b].connections);
      EXPECT_EQ(parsed->snapshot.buckets[b].no_return,
                inputs.snapshot.buckets[b].no_return);
    }
    EXPECT_EQ(parsed->request.max_moves, inputs.request.max_moves);
  }
}

// What is stored today must be readable for ever.
TEST(PlannerInputs, TheFormatStays) {
  balance::Snapshot snapshot;
  snapshot.processors = {
      {.capacity_permille = 1'000, .busy_ns_per_s = 300, .in_service = true}};
  snapshot.buckets.push_back({.owner = ProcessorId(0),
                              .connections = 7,
                              .load_ns_per_s = 5,
                              .pinned = false,
                              .resting = true,
                              .no_return = ProcessorId(2)});
  const std::string head("\x01\xe8\x07\x01\xac\x02\x01\x01\x00", 9);
  const std::string connections = "\x07";
  const std::string bucket("\x05\x00\x01\x01\x02", 5);
  const std::string target = "\x86\x08";
  const std::string tolerated = "\xb4\x08";
  const std::string rest = "\x01\x04\xa0\x06";
  const auto of_first =
      ParsePlannerInputs("\x01" + head + bucket + target + rest);
  ASSERT_TRUE(of_first.ok()) << of_first.status();
  EXPECT_EQ(of_first->request.tolerated_permille, 0);
  EXPECT_EQ(of_first->request.max_moves, 4);
  const auto of_second =
      ParsePlannerInputs("\x02" + head + bucket + target + tolerated + rest);
  ASSERT_TRUE(of_second.ok()) << of_second.status();
  EXPECT_EQ(of_second->request.tolerated_permille, 1'076);
  EXPECT_EQ(of_second->snapshot.buckets[0].connections, 0);
  EXPECT_EQ(SerializePlannerInputs(snapshot, {.target_permille = 1'030,
                                              .tolerated_permille = 1'076,
                                              .max_moves = 4,
                                              .damping_permille = 800}),
            "\x03" + head + connections + bucket + target + tolerated + rest);
}

TEST(PlannerInputs, DamagedBytesAreRefused) {
  const Inputs inputs = RandomInputs(1);
  const std::string bytes =
      SerializePlannerInputs(inputs.snapshot, inputs.request);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ParsePlannerInputs(bytes.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_TRUE(absl::IsDataLoss(ParsePlannerInputs(bytes + '\0').status()));
  EXPECT_TRUE(absl::IsUnimplemented(ParsePlannerInputs("\x04").status()));
}

}  // namespace
}  // namespace lb::controller
