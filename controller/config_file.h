// The configuration file and the environment: what is written where.
#ifndef LB_CONTROLLER_CONFIG_FILE_H_
#define LB_CONTROLLER_CONFIG_FILE_H_

#include <map>
#include <string>
#include <vector>

#include "controller/settings.h"

namespace lb::controller {

// Settings that were found, unchecked, and what else was there: one line each
// with its place and the way out.
struct SettingsRead {
  GivenSettings given;
  std::vector<std::string> wrong;
};

// `yaml` is a map with the keys of Settings(); `name` is what the file is
// called in messages. Keys that are unknown or there twice are wrong. Pure.
SettingsRead ParseConfig(const std::string& yaml, const std::string& name);

// The same of the file at `path`.
SettingsRead ReadConfigFile(const std::string& path);

// Names the configuration file, as --config does.
inline constexpr char kConfigVariable[] = "LB_CONTROLLER_CONFIG";

using Environment = std::map<std::string, std::string>;

// The process's own.
Environment ReadEnvironment();

// The variables of Settings(). An unknown LB_CONTROLLER_ name is wrong. Pure.
SettingsRead ParseEnvironment(const Environment& environment);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CONFIG_FILE_H_
