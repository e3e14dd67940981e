#include "controller/configuration.h"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/status.h"
#include "controller/policy_file.h"
#include "controller/rpc/tls_access.h"

namespace lb::controller {
namespace {

constexpr char kDefaultRunDirectory[] = "/run/lb-controller";

// Empty: there is none.
std::string ConfigFileOf(const CommandLine& line,
                         const Environment& environment) {
  if (!line.config_file.empty()) return line.config_file;
  const auto named = environment.find(kConfigVariable);
  if (named != environment.end()) return named->second;
  std::error_code ignored;  // what cannot be looked at is not there
  return std::filesystem::exists(kDefaultConfigFile, ignored)
             ? kDefaultConfigFile
             : "";
}

// What has no place in `given` yet is taken over; so the first to come wins.
void Add(SettingsRead read, Configuration& configuration) {
  configuration.given.merge(std::move(read.given));
  configuration.mistakes.insert(configuration.mistakes.end(),
                                read.wrong.begin(), read.wrong.end());
}

void SetAll(Configuration& configuration) {
  for (const Setting& setting : Settings()) {
    const auto given = configuration.given.find(setting.key);
    const std::string text = EffectiveText(setting, configuration.given);
    if (given == configuration.given.end() && text.empty()) continue;
    const std::string origin =
        given == configuration.given.end() ? setting.key : given->second.origin;
    if (text.empty()) {
      configuration.mistakes.push_back(absl::StrCat(
          origin, ": ", setting.key, " is empty; give it a value, ",
          setting.value, ", or leave it out"));
      continue;
    }
    if (absl::Status status = setting.set(text, configuration.options);
        !status.ok()) {
      configuration.mistakes.push_back(
          absl::StrCat(origin, ": ", OneLine(status)));
    }
  }
}

void Note(const absl::Status& status, Configuration& configuration) {
  if (!status.ok()) configuration.mistakes.push_back(OneLine(status));
}

// Mutual TLS needs every one of its settings.
bool TlsIsWhole(Configuration& configuration) {
  bool whole = true;
  for (const Setting& setting : Settings()) {
    if (!std::string_view(setting.key).starts_with("tls.")) continue;
    if (configuration.given.contains(setting.key)) continue;
    whole = false;
    configuration.mistakes.push_back(absl::StrCat(
        setting.key, " is missing; mutual TLS needs every setting of tls"));
  }
  return whole;
}

void CheckTogether(Configuration& configuration) {
  Options& options = configuration.options;
  if (options.listen.run_directory.empty() &&
      !options.listen.insecure_loopback) {
    options.listen.run_directory = kDefaultRunDirectory;
  }
  if (!options.port_file.empty() && !options.listen.insecure_loopback) {
    configuration.mistakes.emplace_back(
        "port_file needs a TCP port; give insecure_loopback too");
  }
  if (options.listen.tls && TlsIsWhole(configuration)) {
    Note(ReadTlsFiles(*options.listen.tls, SystemClock().Wall()).status(),
         configuration);
  }
}

void ReadPolicy(Configuration& configuration) {
  Options& options = configuration.options;
  if (options.policy_file.empty()) return;
  absl::StatusOr<balance::Policy> policy = ReadPolicyFile(options.policy_file);
  Note(policy.status(), configuration);
  if (policy.ok()) options.policy = *policy;
}

}  // namespace

Configuration LoadConfiguration(const CommandLine& line,
                                const Environment& environment) {
  Configuration configuration;
  configuration.given = line.given;
  Add(ParseEnvironment(environment), configuration);
  if (const std::string file = ConfigFileOf(line, environment); !file.empty()) {
    Add(ReadConfigFile(file), configuration);
  }
  SetAll(configuration);
  // What is missing is only known when everything that is there was understood.
  if (configuration.mistakes.empty()) CheckTogether(configuration);
  ReadPolicy(configuration);
  return configuration;
}

std::vector<std::string> ChangedForRestart(const Configuration& running,
                                           const Configuration& fresh) {
  std::vector<std::string> keys;
  for (const Setting& setting : Settings()) {
    if (setting.effect == Effect::kRestart &&
        EffectiveText(setting, running.given) !=
            EffectiveText(setting, fresh.given)) {
      keys.emplace_back(setting.key);
    }
  }
  return keys;
}

}  // namespace lb::controller
