#include "controller/configuration.h"

#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/temp_dir.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConfigurationTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.File(name)) << text;
    return directory_.File(name);
  }
  static CommandLine Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "lb-controller");
    auto line =
        ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
    EXPECT_TRUE(line.ok()) << line.status();
    return line.ok() ? *line : CommandLine();
  }
  Configuration Load(const std::string& yaml,
                     const std::vector<const char*>& flags = {},
                     const Environment& environment = {}) {
    CommandLine line = Parse(flags);
    line.config_file = Write("config.yaml", yaml);
    return LoadConfiguration(line, environment);
  }

  const TempDir directory_;
};

TEST_F(ConfigurationTest, PresetsHoldWhereNothingIsSaid) {
  const Configuration configuration = Load("");
  EXPECT_THAT(configuration.mistakes, IsEmpty());
  const Options& options = configuration.options;
  EXPECT_EQ(options.store.directory, "/var/lib/lb-controller");
  EXPECT_EQ(options.store.telemetry_limit_bytes, 10ULL << 30);
  EXPECT_FALSE(options.store.set_aside_telemetry);
  EXPECT_EQ(options.listen.run_directory, "/run/lb-controller");
  EXPECT_FALSE(options.listen.insecure_loopback);
  EXPECT_FALSE(options.listen.tls);
  EXPECT_EQ(options.log_level, "info");
  EXPECT_FALSE(options.policy);
}

TEST_F(ConfigurationTest, FlagsWinOverTheEnvironmentAndThatOverTheFile) {
  const std::string yaml =
      "data_dir: /file\nrun_dir: /file\nlog_level: debug\n";
  const Configuration configuration =
      Load(yaml, {"--data-dir", "/flag"},
           {{"LB_CONTROLLER_DATA_DIR", "/variable"},
            {"LB_CONTROLLER_RUN_DIR", "/variable"}});
  EXPECT_THAT(configuration.mistakes, IsEmpty());
  EXPECT_EQ(configuration.options.store.directory, "/flag");
  EXPECT_EQ(configuration.options.listen.run_directory, "/variable");
  EXPECT_EQ(configuration.options.log_level, "debug");
}

TEST_F(ConfigurationTest, TheFileMayBeNamedByTheEnvironment) {
  const Environment environment = {
      {"LB_CONTROLLER_CONFIG", Write("other.yaml", "log_level: error\n")}};
  EXPECT_EQ(LoadConfiguration({}, environment).options.log_level, "error");
  CommandLine line;
  line.config_file = Write("mine.yaml", "log_level: debug\n");
  EXPECT_EQ(LoadConfiguration(line, environment).options.log_level, "debug");
}

TEST_F(ConfigurationTest, LoopbackAloneMakesNoSockets) {
  EXPECT_EQ(
      Load("insecure_loopback: 127.0.0.1:0\n").options.listen.run_directory,
      "");
  EXPECT_EQ(Load("insecure_loopback: 127.0.0.1:0\nrun_dir: /r\n")
                .options.listen.run_directory,
            "/r");
}

TEST_F(ConfigurationTest, MistakesNameTheirPlace) {
  const std::string file = directory_.File("config.yaml");
  EXPECT_THAT(Load("\nlog_level: loud\n").mistakes,
              ElementsAre(HasSubstr(file + ":2: log level \"loud\"")));
  EXPECT_THAT(Load("", {"--insecure-loopback", "0.0.0.0:80"}).mistakes,
              ElementsAre(HasSubstr("--insecure-loopback: ")));
  EXPECT_THAT(Load("", {}, {{"LB_CONTROLLER_LOG_LEVEL", ""}}).mistakes,
              ElementsAre(HasSubstr("LB_CONTROLLER_LOG_LEVEL: log_level is "
                                    "empty")));
  EXPECT_THAT(Load("port_file: /p\n").mistakes,
              ElementsAre(HasSubstr("give insecure_loopback too")));
  EXPECT_THAT(Load("policy: /none\n").mistakes,
              ElementsAre(HasSubstr("policy file: /none")));
  EXPECT_THAT(Load("tls:\n  trust_domain: example.com\n").mistakes,
              testing::Each(HasSubstr("is missing; mutual TLS needs")));
}

TEST_F(ConfigurationTest, EveryMistakeIsSaidAtOnce) {
  EXPECT_THAT(
      Load("datadir: /d\nlog_level: loud\npolicy: /none\n").mistakes,
      ElementsAre(HasSubstr("datadir"), HasSubstr("loud"), HasSubstr("/none")));
}

TEST_F(ConfigurationTest, ThePolicyIsReadWithIt) {
  const std::string policy = Write("policy.yaml", "mode: advise\n");
  const Configuration configuration = Load("policy: " + policy + "\n");
  EXPECT_THAT(configuration.mistakes, IsEmpty());
  EXPECT_EQ(configuration.options.policy->mode, balance::Mode::kAdvise);
}

TEST_F(ConfigurationTest, WhatNeedsARestartIsNamed) {
  const Configuration running = Load("data_dir: /a\nlog_level: info\n");
  EXPECT_THAT(ChangedForRestart(running, running), IsEmpty());
  EXPECT_THAT(ChangedForRestart(running, Load("data_dir: /b\nlog_level: debug\n"
                                              "tls:\n  trust_domain: d\n")),
              ElementsAre("data_dir", "tls.trust_domain"));
  // The preset said aloud is no change.
  EXPECT_THAT(
      ChangedForRestart(Load(""), Load("data_dir: /var/lib/lb-controller\n")),
      IsEmpty());
}

TEST_F(ConfigurationTest, FlagsThatThereAreNotAreRefused) {
  const char* const argv[] = {"lb-controller", "--bogus"};
  EXPECT_THAT(std::string(ParseCommandLine(2, argv).status().message()),
              HasSubstr("--bogus"));
  EXPECT_TRUE(
      Parse({"--set-aside-telemetry"}).given.contains("set_aside_telemetry"));
  EXPECT_TRUE(Parse({"--check-config"}).check_config);
}

TEST_F(ConfigurationTest, HelpNamesEverySetting) {
  const std::string help = Parse({"--help"}).text.value();
  for (const Setting& setting : Settings()) {
    EXPECT_THAT(help, HasSubstr(FlagOf(setting)));
    EXPECT_THAT(help, HasSubstr(setting.help));
  }
}

}  // namespace
}  // namespace lb::controller
