#include "controller/config_file.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/text_file.h"
#include "yaml-cpp/yaml.h"

namespace lb::controller {
namespace {

constexpr char kVariables[] = "LB_CONTROLLER_";

// Whether there are settings under `key`, as under "tls".
bool IsSection(const std::string& key) {
  for (const Setting& setting : Settings()) {
    if (absl::StartsWith(setting.key, absl::StrCat(key, "."))) return true;
  }
  return false;
}

// Keys that may be in a file.
std::vector<std::string> FileKeys() {
  std::vector<std::string> keys;
  for (const Setting& setting : Settings()) {
    if (setting.effect != Effect::kOnce) keys.emplace_back(setting.key);
  }
  return keys;
}

class ConfigReader {
 public:
  explicit ConfigReader(std::string name) : name_(std::move(name)) {}

  void ReadMap(const YAML::Node& map, const std::string& prefix) {
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        Wrong(entry.first, "a key is a word, such as data_dir");
        continue;
      }
      ReadEntry(prefix + entry.first.Scalar(), entry.first, entry.second);
    }
  }

  void Wrong(const YAML::Node& where, const std::string& what) {
    read_.wrong.push_back(absl::StrCat(Place(where), ": ", what));
  }

  SettingsRead Take() { return std::move(read_); }

 private:
  std::string Place(const YAML::Node& node) const {
    return absl::StrCat(name_, ":", node.Mark().line + 1);
  }

  void ReadEntry(const std::string& key, const YAML::Node& where,
                 const YAML::Node& value) {
    if (IsSection(key) && (value.IsMap() || value.IsNull())) {
      ReadMap(value, key + ".");
      return;
    }
    const Setting* setting = FindSetting(key);
    if (setting == nullptr || setting->effect == Effect::kOnce) {
      Wrong(where, absl::StrCat("key \"", key, "\" is unknown; the nearest is ",
                                Nearest(key, FileKeys())));
    } else if (!value.IsScalar()) {
      Wrong(where, absl::StrCat(key, " takes one value, ", setting->value));
    } else if (!read_.given
                    .emplace(key, GivenValue{value.Scalar(), Place(where)})
                    .second) {
      Wrong(where, absl::StrCat("key \"", key, "\" is there twice; keep one"));
    }
  }

  const std::string name_;
  SettingsRead read_;
};

}  // namespace

SettingsRead ParseConfig(const std::string& yaml, const std::string& name) {
  ConfigReader reader(name);
  // yaml-cpp reports by throwing; none of it leaves here.
  try {
    const YAML::Node root = YAML::Load(yaml);
    if (root.IsMap()) {
      reader.ReadMap(root, "");
    } else if (!root.IsNull()) {
      reader.Wrong(root, "it is no map; write lines such as \"data_dir: DIR\"");
    }
  } catch (const YAML::Exception& error) {
    return {{},
            {absl::StrCat(name, ":", error.mark.line + 1,
                          ": it is not YAML: ", error.msg)}};
  }
  return reader.Take();
}

SettingsRead ReadConfigFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  if (!text.ok()) {
    return {{}, {OneLine(Annotate(text.status(), "configuration file"))}};
  }
  return ParseConfig(*text, path);
}

Environment ReadEnvironment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

SettingsRead ParseEnvironment(const Environment& environment) {
  SettingsRead read;
  std::map<std::string, const Setting*> known;
  std::vector<std::string> names = {kConfigVariable};
  for (const Setting& setting : Settings()) {
    if (setting.effect == Effect::kOnce) continue;
    names.push_back(VariableOf(setting));
    known.emplace(names.back(), &setting);
  }
  for (auto it = environment.lower_bound(kVariables);
       it != environment.end() && absl::StartsWith(it->first, kVariables);
       ++it) {
    const auto& [name, text] = *it;
    if (const auto found = known.find(name); found != known.end()) {
      read.given.emplace(found->second->key, GivenValue{text, name});
    } else if (name != kConfigVariable) {
      read.wrong.push_back(absl::StrCat("environment variable ", name,
                                        " is unknown; the nearest is ",
                                        Nearest(name, names)));
    }
  }
  return read;
}

}  // namespace lb::controller
