#include "controller/core/decision_inputs.h"

#include <random>

#include "gtest/gtest.h"

namespace lb::controller {
namespace {

balance::HostMeasurement RandomMeasurement(std::mt19937_64& random) {
  const auto flip = [&random] { return random() % 2 == 0; };
  const auto real = [&random] {
    return static_cast<double>(random()) / static_cast<double>(random() | 1);
  };
  balance::HostMeasurement measurement;
  const std::size_t processors = 1 + random() % 8;
  for (std::size_t i = 0; i < processors; ++i) {
    measurement.processors.push_back(
        {.samples = {.count = random() >> (random() % 64),
                     .mean = real(),
                     .standard_deviation = real(),
                     .lag1_autocorrelation = -real()},
         .capacity_permille = 1 + static_cast<std::uint32_t>(random() % 1'000),
         .in_service = flip(),
         .stalled = flip(),
         .offered = real(),
         .buckets = static_cast<std::uint32_t>(random()),
         .pinned = static_cast<std::uint32_t>(random() % 9)});
  }
  measurement.bound = 1 + real();
  measurement.error_between_reports = real();
  measurement.current_table = flip();
  measurement.stale = flip();
  measurement.warming_up = flip();
  measurement.input_bound = flip();
  measurement.plan_in_flight = flip();
  if (flip()) measurement.nonsense = std::string("busy for \0 too long", 19);
  return measurement;
}

TEST(DecisionInputs, ReadBackAsTheyWere) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(seed);
    const balance::HostMeasurement measured = RandomMeasurement(random);
    const auto over = static_cast<std::uint32_t>(random());
    const std::string bytes = SerializeDecisionInputs(measured, over);
    const auto parsed = ParseDecisionInputs(bytes);
    ASSERT_TRUE(parsed.ok()) << "seed " << seed << ": " << parsed.status();
    EXPECT_EQ(parsed->over_trigger, over);
    EXPECT_EQ(parsed->measurement.nonsense, measured.nonsense);
    EXPECT_EQ(parsed->measurement.bound, measured.bound);
    EXPECT_EQ(parsed->measurement.error_between_reports,
              measured.error_between_reports);
    ASSERT_EQ(parsed->measurement.processors.size(),
              measured.processors.size());
    EXPECT_EQ(parsed->measurement.processors[0].samples.mean,
              measured.processors[0].samples.mean);
    EXPECT_EQ(parsed->measurement.processors[0].pinned,
              measured.processors[0].pinned);
    // Equal inputs give equal bytes and, all fields being read, the reverse.
    EXPECT_EQ(SerializeDecisionInputs(parsed->measurement, over), bytes)
        << "seed " << seed;
  }
}

// What is stored today must be readable for ever.
TEST(DecisionInputs, TheFormatStays) {
  balance::HostMeasurement measured;
  measured.processors.push_back({.samples = {.count = 300, .mean = 0.5},
                                 .capacity_permille = 1'000,
                                 .in_service = true,
                                 .stalled = false,
                                 .buckets = 64,
                                 .pinned = 2});
  measured.bound = 1;
  measured.current_table = true;
  measured.input_bound = true;
  measured.nonsense = "no";
  const std::string samples(
      "\x01\xac\x02\x00\x00\x00\x00\x00\x00\xe0\x3f"
      "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
      "\xe8\x07\x01\x00",
      31);
  const std::string buckets = "\x40\x02";
  const std::string bound("\x00\x00\x00\x00\x00\x00\xf0\x3f", 8);
  const std::string rest("\x01\x00\x00\x01\x00\x02no\x03", 9);
  const std::string two("\x00\x00\x00\x00\x00\x00\x00\x40", 8);
  const std::string first = "\x01" + samples + buckets + bound + rest;
  const auto of_first = ParseDecisionInputs(first);
  ASSERT_TRUE(of_first.ok()) << of_first.status();
  EXPECT_EQ(of_first->measurement.error_between_reports, 0);
  const std::string second = "\x02" + samples + buckets + bound + two + rest;
  const auto of_second = ParseDecisionInputs(second);
  ASSERT_TRUE(of_second.ok()) << of_second.status();
  EXPECT_EQ(of_second->measurement.error_between_reports, 2);
  EXPECT_EQ(of_second->measurement.processors[0].offered, 0);
  EXPECT_EQ(of_second->measurement.processors[0].pinned, 2);
  measured.error_between_reports = 2;
  measured.processors[0].offered = 2;
  const std::string third =
      "\x03" + samples + two + buckets + bound + two + rest;
  EXPECT_EQ(SerializeDecisionInputs(measured, 3), third);
  EXPECT_EQ(SerializeDecisionInputs(ParseDecisionInputs(third)->measurement, 3),
            third);
}

TEST(DecisionInputs, DamagedBytesAreRefused) {
  std::mt19937_64 random(1);
  const std::string bytes =
      SerializeDecisionInputs(RandomMeasurement(random), 7);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ParseDecisionInputs(bytes.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_TRUE(absl::IsDataLoss(ParseDecisionInputs(bytes + '\0').status()));
  EXPECT_TRUE(absl::IsUnimplemented(ParseDecisionInputs("\x04").status()));
}

}  // namespace
}  // namespace lb::controller
