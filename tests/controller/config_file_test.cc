#include "controller/config_file.h"

#include <fstream>
#include <set>
#include <string>

#include "absl/strings/str_split.h"
#include "common/text_file.h"
#include "gmock/gmock.h"
#include "tests/support/temp_dir.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ConfigFile, EveryValueHasItsLine) {
  const SettingsRead read = ParseConfig(
      "# a comment\ndata_dir: /data\n\ntls:\n  trust_domain: example.com\n",
      "c.yaml");
  EXPECT_THAT(read.wrong, IsEmpty());
  ASSERT_EQ(read.given.size(), 2U);
  EXPECT_EQ(read.given.at("data_dir").text, "/data");
  EXPECT_EQ(read.given.at("data_dir").origin, "c.yaml:2");
  EXPECT_EQ(read.given.at("tls.trust_domain").text, "example.com");
  EXPECT_EQ(read.given.at("tls.trust_domain").origin, "c.yaml:5");
}

TEST(ConfigFile, NothingInItIsNoMistake) {
  for (const char* yaml : {"", "# nothing\n", "---\n", "tls:\n"}) {
    const SettingsRead read = ParseConfig(yaml, "c.yaml");
    EXPECT_THAT(read.wrong, IsEmpty()) << yaml;
    EXPECT_TRUE(read.given.empty()) << yaml;
  }
}

TEST(ConfigFile, MistakesAreNamedWithLineAndWayOut) {
  const struct {
    const char* yaml;
    const char* wrong;
  } cases[] = {
      {"run_dir: /run\ndatadir: /data\n",
       "c.yaml:2: key \"datadir\" is unknown; the nearest is data_dir"},
      {"tls:\n  adress: 0.0.0.0:1\n",
       "c.yaml:2: key \"tls.adress\" is unknown; the nearest is tls.address"},
      {"tsl:\n  key: x\n", "key \"tsl\" is unknown"},
      {"set_aside_telemetry: true\n", "c.yaml:1: key \"set_aside_telemetry\""},
      {"data_dir: a\ndata_dir: b\n",
       "c.yaml:2: key \"data_dir\" is there twice; keep one"},
      {"data_dir: [a, b]\n", "c.yaml:1: data_dir takes one value, DIR"},
      {"data_dir:\n", "c.yaml:1: data_dir takes one value, DIR"},
      {"tls: yes\n", "c.yaml:1: key \"tls\" is unknown"},
      {"? [a]\n: b\n", "c.yaml:1: a key is a word"},
      {"- data_dir\n", "c.yaml:1: it is no map"},
      {"data_dir: {a\n", "it is not YAML"},
  };
  for (const auto& [yaml, wrong] : cases) {
    EXPECT_THAT(ParseConfig(yaml, "c.yaml").wrong,
                ElementsAre(HasSubstr(wrong)))
        << yaml;
  }
}

TEST(ConfigFile, EveryMistakeIsSaid) {
  EXPECT_EQ(ParseConfig("a: 1\nb: 2\ntls:\n  c: 3\n", "c.yaml").wrong.size(),
            3U);
}

TEST(ConfigFile, FilesThatCannotBeReadAreNamed) {
  const TempDir directory;
  EXPECT_THAT(ReadConfigFile(directory.File("none")).wrong,
              ElementsAre(HasSubstr(directory.File("none"))));
  EXPECT_THAT(ReadConfigFile(directory.path()).wrong,
              ElementsAre(HasSubstr(directory.path())));
  EXPECT_THAT(ReadConfigFile("/dev/null").wrong, IsEmpty());
}

// With every setting in force, which it must name.
TEST(ConfigFile, TheExampleNamesEverySetting) {
  const std::string example = ExampleFile();
  EXPECT_EQ(ReadTextFile(LB_SOURCE_DIR "/packaging/config.yaml").value(),
            example)
      << "print it anew: lb-controller --example-config";
  EXPECT_THAT(ParseConfig(example, "c.yaml").wrong, IsEmpty());
  EXPECT_TRUE(ParseConfig(example, "c.yaml").given.empty());
  std::string in_force;
  for (const absl::string_view line : absl::StrSplit(example, '\n')) {
    EXPECT_LE(line.size(), 80U) << line;
    // "#key: value" is a setting, "# word" an explanation.
    const bool setting = line.size() > 1 && line[0] == '#' &&
                         (line[1] != ' ' || line.substr(1, 2) == "  ");
    in_force += std::string(setting ? line.substr(1) : line) + "\n";
  }
  const SettingsRead read = ParseConfig(in_force, "c.yaml");
  EXPECT_THAT(read.wrong, IsEmpty()) << in_force;
  for (const Setting& setting : Settings()) {
    if (setting.effect == Effect::kOnce) continue;
    ASSERT_TRUE(read.given.contains(setting.key)) << setting.key;
    EXPECT_EQ(read.given.at(setting.key).text, setting.example);
  }
}

TEST(Environment, HoldsSettingsByName) {
  const SettingsRead read = ParseEnvironment({{"HOME", "/root"},
                                              {"LBCTL_CONTROLLER", "x"},
                                              {"LB_CONTROLLER_CONFIG", "/c"},
                                              {"LB_CONTROLLER_RUN_DIR", "/r"},
                                              {"LB_CONTROLLER_TLS_CA", "f"},
                                              {"LB_CONTROLLES", "y"}});
  EXPECT_THAT(read.wrong, IsEmpty());
  ASSERT_EQ(read.given.size(), 2U);
  EXPECT_EQ(read.given.at("run_dir").text, "/r");
  EXPECT_EQ(read.given.at("run_dir").origin, "LB_CONTROLLER_RUN_DIR");
  EXPECT_EQ(read.given.at("tls.ca").text, "f");
}

TEST(Environment, UnknownNamesAreMistakes) {
  EXPECT_THAT(
      ParseEnvironment({{"LB_CONTROLLER_DATADIR", "/d"}}).wrong,
      ElementsAre("environment variable LB_CONTROLLER_DATADIR is unknown; the "
                  "nearest is LB_CONTROLLER_DATA_DIR"));
  EXPECT_THAT(
      ParseEnvironment({{"LB_CONTROLLER_SET_ASIDE_TELEMETRY", "1"}}).wrong,
      ElementsAre(HasSubstr("is unknown")));
}

}  // namespace
}  // namespace lb::controller
