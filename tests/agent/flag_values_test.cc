#include "agent/flag_values.h"

#include <string>
#include <utility>
#include <vector>

#include "agent/cpus.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::agent {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FlagValues, Capacity) {
  const std::vector<std::pair<std::string, std::uint32_t>> good = {
      {"1", 1'000}, {"0.25", 250},  {"1/6", 167},  {"2/3", 667},  {".5", 500},
      {"0.001", 1}, {"1.0", 1'000}, {"1/1000", 1}, {"6/6", 1'000}};
  for (const auto& [text, permille] : good) {
    const auto parsed = ParseCapacityPermille(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, permille) << text;
  }
  for (const std::string text : {"", "0", "1.5", "-1", "1/0", "7/6", "nan",
                                 "1e-1", "a", "1/", "/6", "0.0004", "1/6/2"}) {
    const absl::Status status = ParseCapacityPermille(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr('"' + text + '"'));
  }
}

TEST(FlagValues, Milliseconds) {
  const std::vector<std::pair<std::string, milliseconds>> good = {
      {"1ms", milliseconds(1)},
      {"60s", milliseconds(60'000)},
      {"1.5s", milliseconds(1'500)},
      {"5m", milliseconds(300'000)},
      {"24h", milliseconds(86'400'000)}};
  for (const auto& [text, duration] : good) {
    const auto parsed = ParseMilliseconds(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, duration) << text;
  }
  for (const std::string text :
       {"", "1", "s", "0s", "-1s", "1 s", "1d", "25h", "1.2.3s", "0.5ms"}) {
    EXPECT_FALSE(ParseMilliseconds(text).ok()) << text;
  }
}

TEST(FlagValues, CpuList) {
  EXPECT_THAT(*ParseCpuList("0-3,6"), ElementsAre(0, 1, 2, 3, 6));
  EXPECT_THAT(*ParseCpuList("5,1"), ElementsAre(5, 1));
  for (const std::string text : {"", ",", "a", "3-1", "1-", "-1", "1,1",
                                 "0-2,2", "4096", "1-2-3", "0-99999999"}) {
    EXPECT_FALSE(ParseCpuList(text).ok()) << text;
  }
}

TEST(FlagValues, LabelsAndNames) {
  EXPECT_EQ(*ParseLabel("rack=a=b"),
            std::make_pair(std::string("rack"), std::string("a=b")));
  EXPECT_EQ(*ParseLabel("rack="),
            std::make_pair(std::string("rack"), std::string()));
  EXPECT_FALSE(ParseLabel("rack").ok());
  EXPECT_FALSE(ParseLabel("=x").ok());
  EXPECT_EQ(*ParseHostName("Edge-1.example_x"), "Edge-1.example_x");
  for (const std::string text :
       {"", "-", "-a", ".a", "a/b", "a b", "a\n", "\xc3\xa9"}) {
    EXPECT_FALSE(ParseHostName(text).ok()) << text;
  }
  EXPECT_FALSE(ParseHostName(std::string(254, 'a')).ok());
}

TEST(Cpus, ProcessorsAreSpreadRoundRobin) {
  EXPECT_THAT(SpreadOverCpus(5, 167, {4, 7}),
              ElementsAre(ProcessorLayout{4, 167}, ProcessorLayout{7, 167},
                          ProcessorLayout{4, 167}, ProcessorLayout{7, 167},
                          ProcessorLayout{4, 167}));
}

TEST(Cpus, OnlyAllowedOnesAreTaken) {
  const auto allowed = AllowedCpus();
  ASSERT_TRUE(allowed.ok());
  ASSERT_FALSE(allowed->empty());
  EXPECT_TRUE(CheckCpus(*allowed, *allowed).ok());
  const absl::Status status = CheckCpus({0, 4'000}, {0, 1});
  EXPECT_THAT(std::string(status.message()), HasSubstr("CPU 4000"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("0,1"));
}

}  // namespace
}  // namespace lb::agent
