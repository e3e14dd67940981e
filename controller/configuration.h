// The configuration as a whole: flags, environment and file put together, and
// checked.
#ifndef LB_CONTROLLER_CONFIGURATION_H_
#define LB_CONTROLLER_CONFIGURATION_H_

#include <string>
#include <vector>

#include "controller/command_line.h"
#include "controller/config_file.h"
#include "controller/options.h"
#include "controller/settings.h"

namespace lb::controller {

inline constexpr char kDefaultConfigFile[] = "/etc/lb-controller/config.yaml";

struct Configuration {
  GivenSettings given;
  Options options;
  // One line for each; the options may be used only if there is none.
  std::vector<std::string> mistakes;
};

// Reads the configuration file and those it names: policy, certificates,
// roles. Flags take precedence over the environment, and that over the file.
Configuration LoadConfiguration(const CommandLine& line,
                                const Environment& environment);

// Keys of settings that differ and count at the next start only.
std::vector<std::string> ChangedForRestart(const Configuration& running,
                                           const Configuration& fresh);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CONFIGURATION_H_
