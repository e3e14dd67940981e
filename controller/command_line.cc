#include "controller/command_line.h"

#include <sstream>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "controller/configuration.h"

namespace lb::controller {
namespace {

struct Switches {
  bool check_config = false;
  bool example_config = false;
  std::string config_file;
};

void AddSwitches(CLI::App& app, Switches& switches) {
  app.set_version_flag("--version", "lb-controller " LB_VERSION,
                       "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.add_option("--config", switches.config_file,
                 absl::StrCat("Configuration file. Without it: ",
                              kDefaultConfigFile, " if there is one"))
      ->type_name("FILE");
  app.add_flag("--check-config", switches.check_config,
               "Say what is wrong with the configuration, with flags and "
               "environment, in a line for each mistake, and exit");
  app.add_flag("--example-config", switches.example_config,
               "Print a configuration file in which every setting is explained "
               "and exit");
}

void AddSetting(CLI::App& app, const Setting& setting, GivenSettings& given) {
  const std::string flag = FlagOf(setting);
  const auto keep = [&setting, &given, flag](const std::string& text) {
    given.insert_or_assign(setting.key, GivenValue{text, flag});
  };
  if (*setting.value == '\0') {
    app.add_flag_callback(
        flag, [keep] { keep("true"); }, setting.help);
    return;
  }
  app.add_option_function<std::string>(flag, keep, setting.help)
      ->type_name(setting.value)
      ->default_str(setting.preset);
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(int argc,
                                             const char* const* argv) {
  CommandLine line;
  Switches switches;
  CLI::App app(
      "Decides for all hosts: receives the agents' measurements, computes "
      "plans, sends them, and keeps the history.",
      "lb-controller");
  AddSwitches(app, switches);
  for (const Setting& setting : Settings())
    AddSetting(app, setting, line.given);
  app.footer(
      "A setting may also be in the environment, as LB_CONTROLLER_DATA_DIR for "
      "--data-dir, or in the\nconfiguration file; flags take precedence over "
      "the environment, and the environment over the file.\n"
      "Exit codes: 0 stopped, 1 failed, 2 wrong arguments or configuration, 3 "
      "the store is damaged,\nforeign or newer, 4 another process holds the "
      "store.");
  // CLI11 reports help, version and mistakes by throwing.
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked_for) {
    std::ostringstream out;
    app.exit(asked_for, out, out);
    line.text = out.str();
    return line;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(error.what(), "; see lb-controller --help"));
  }
  if (switches.example_config) line.text = ExampleFile();
  line.check_config = switches.check_config;
  line.config_file = switches.config_file;
  return line;
}

}  // namespace lb::controller
