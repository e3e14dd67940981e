#include "sim/scenario_yaml.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"

namespace lb::sim {
namespace {

using ::testing::HasSubstr;

TEST(ScenarioYaml, SetsWhatItNamesAndLeavesTheRest) {
  const auto scenario = ParseScenario(
      "processors: 3\nqueue: fifo\nrates: pareto\nlifetime_ms: 500\n"
      "happenings:\n  - {kind: capacity, at_ms: 10, processor: 2, permille: "
      "200}"
      "\n");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(scenario->processors, 3U);
  EXPECT_EQ(scenario->queue, QueueKind::kFifo);
  EXPECT_EQ(scenario->rates, Rates::kPareto);
  EXPECT_EQ(scenario->lifetime.count(), 500);
  ASSERT_EQ(scenario->happenings.size(), 1U);
  EXPECT_EQ(scenario->happenings[0].kind, HappeningKind::kCapacity);
  EXPECT_EQ(scenario->happenings[0].processor, 2U);
  EXPECT_EQ(scenario->happenings[0].permille, 200U);
  EXPECT_EQ(scenario->buckets, Scenario().buckets);
}

TEST(ScenarioYaml, WhatCannotBeIsNamedInOneLine) {
  struct Case {
    const char* yaml;
    const char* words;
  };
  for (const Case& c :
       {Case{"procesors: 3", "key \"procesors\" is unknown; use name, hosts"},
        Case{"processors: many", "processors is \"many\"; use a whole number"},
        Case{"processors: -1", "processors is \"-1\""},
        Case{"processors: 1e308", "processors is \"1e308\""},
        Case{"processors: nan", "processors is \"nan\""},
        Case{"processors: 0", "processors is 0; use 1 to 256"},
        Case{"processors: 99999999999", "processors is \"99999999999\""},
        Case{"processors: [4]", "processors has one value"},
        Case{"processors: 4\nprocessors: 4", "\"processors\" is there twice"},
        Case{"buckets: 100", "buckets is 100; use a power of two"},
        Case{"buckets: 32", "buckets is 32; use 64 to 65536"},
        Case{"queue: lifo", "queue is \"lifo\"; use fair or fifo"},
        Case{"rates: normal", "use equal or zipf or pareto"},
        Case{"duration_ms: 10", "duration_ms is 10; use 1000 to"},
        Case{"ignored_ms: 120000", "ignored_ms is 120000; use 0 to 119999"},
        Case{"load_permille: 0", "load_permille is 0; use 1 to 10000"},
        Case{"wave_permille: 200", "wave_period_ms is 0; use 2 to"},
        Case{"noise_correlation_permille: 1000", "use 0 to 990"},
        Case{"{duration_ms: 86400000, service_us: 1}", "packets; use at most"},
        Case{"capture: ''", "capture is empty"},
        Case{"happenings: 3", "happenings is no list"},
        Case{"happenings: [3]", "happening 1: it needs a kind and a time"},
        Case{"happenings: [{kind: drain}]", "happening 1: it needs a kind"},
        Case{"happenings: [{kind: burn, at_ms: 1}]",
             "happening 1: kind is \"burn\"; use capacity or drain"},
        Case{"happenings: [{kind: drain, at_ms: 1, cpu: 2}]",
             "happening 1: key \"cpu\" is unknown; use kind, at_ms"},
        Case{"happenings: [{kind: drain, at_ms: 1, processor: 8}]",
             "happening 1: processor is 8; use 0 to 7"},
        Case{"happenings: [{kind: drain, at_ms: 999999}]",
             "happening 1: at_ms is 999999; use 0 to 120000"},
        Case{"happenings: [{kind: capacity, at_ms: 1}]",
             "happening 1: permille is 0; use 1 to 1000"},
        Case{"happenings: [{kind: flash_crowd, at_ms: 5, until_ms: 5}]",
             "happening 1: until_ms is 5; use 6 to"},
        Case{"- processors", "is a map"},
        Case{"just words", "is a map"},
        Case{"", "is a map"},
        Case{"a: [", "it is not YAML"}}) {
    const auto scenario = ParseScenario(c.yaml);
    EXPECT_TRUE(absl::IsInvalidArgument(scenario.status())) << c.yaml;
    const std::string line(scenario.status().message());
    EXPECT_THAT(line, HasSubstr(c.words)) << c.yaml;
    EXPECT_EQ(line.find('\n'), std::string::npos) << c.yaml;
  }
}

TEST(ScenarioYaml, FilesAreNamed) {
  const std::string path = ::testing::TempDir() + "/scenario_yaml_test.yaml";
  const auto missing = ReadScenarioFile(path);
  EXPECT_TRUE(absl::IsNotFound(missing.status()));
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr(path));
  std::ofstream(path) << "queue: lifo\n";
  EXPECT_THAT(std::string(ReadScenarioFile(path).status().message()),
              HasSubstr(path + ": queue is"));
  std::ofstream(path) << "capture: a.pcap\n";
  const auto scenario = ReadScenarioFile(path);
  EXPECT_EQ(scenario->name, "scenario_yaml_test");
  EXPECT_EQ(scenario->capture,
            (std::filesystem::path(path).parent_path() / "a.pcap").string());
  std::remove(path.c_str());
  EXPECT_FALSE(ReadScenarioFile(::testing::TempDir()).ok());
}

TEST(ScenarioYaml, EveryScenarioOfTheProjectIsValid) {
  int found = 0;
  for (const auto& file : std::filesystem::directory_iterator(
           std::string(LB_SOURCE_DIR) + "/sim/scenarios")) {
    const auto scenario = ReadScenarioFile(file.path().string());
    EXPECT_TRUE(scenario.ok()) << scenario.status();
    ++found;
  }
  EXPECT_GE(found, 15);
}

}  // namespace
}  // namespace lb::sim
