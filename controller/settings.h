// The settings of lb-controller: one table, from which the configuration
// file's keys, the environment's names, the flags, the help and the example
// file follow. Pure; any thread.
#ifndef LB_CONTROLLER_SETTINGS_H_
#define LB_CONTROLLER_SETTINGS_H_

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "controller/options.h"

namespace lb::controller {

// When a new value counts.
enum class Effect {
  kReload,   // at the next SIGHUP
  kRestart,  // at the next start
  kOnce,     // of one start: a flag only
};

struct Setting {
  const char* key;      // in the file; "tls.key" is key under tls
  const char* value;    // what it takes, such as "FILE"; empty: a bare flag
  const char* preset;   // value where none is given; empty: not set
  const char* example;  // shown in the example file
  Effect effect;
  const char* help;  // whole sentences, without an end
  // INVALID_ARGUMENT for a value that cannot be.
  absl::Status (*set)(const std::string& text, Options& options);
};

// In the order people read them.
std::span<const Setting> Settings();

// "--tls-key" and "LB_CONTROLLER_TLS_KEY" of tls.key.
std::string FlagOf(const Setting& setting);
std::string VariableOf(const Setting& setting);

// Null if there is none of that key.
const Setting* FindSetting(std::string_view key);
// The name among `known` that is the fewest edits away from `name`.
std::string Nearest(std::string_view name,
                    const std::vector<std::string>& known);

// A value as it was written, and where: "config.yaml:3", "--run-dir".
struct GivenValue {
  std::string text;
  std::string origin;
};
// By key.
using GivenSettings = std::map<std::string, GivenValue>;

// What is in force: given, or else preset.
std::string EffectiveText(const Setting& setting, const GivenSettings& given);

// A configuration file with every setting that may be in one, each explained
// and none in force.
std::string ExampleFile();

}  // namespace lb::controller

#endif  // LB_CONTROLLER_SETTINGS_H_
