#include "sim/scenario_yaml.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <sstream>
#include <variant>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status.h"
#include "yaml-cpp/yaml.h"

namespace lb::sim {
namespace {

// What a key of T sets: a number, a time, a text or one of several names.
template <class T>
using Member =
    std::variant<std::uint32_t T::*, Milliseconds T::*, Microseconds T::*,
                 std::string T::*, QueueKind T::*, ServiceTimes T::*,
                 Rates T::*, Placement T::*, HappeningKind T::*>;

template <class T>
struct Field {
  const char* key;
  Member<T> member;
};

constexpr std::array kFields = {
    Field<Scenario>{"name", &Scenario::name},
    Field<Scenario>{"hosts", &Scenario::hosts},
    Field<Scenario>{"processors", &Scenario::processors},
    Field<Scenario>{"buckets", &Scenario::buckets},
    Field<Scenario>{"duration_ms", &Scenario::duration},
    Field<Scenario>{"ignored_ms", &Scenario::ignored},
    Field<Scenario>{"queue", &Scenario::queue},
    Field<Scenario>{"quantum_us", &Scenario::quantum},
    Field<Scenario>{"buffer_packets", &Scenario::buffer_packets},
    Field<Scenario>{"service_us", &Scenario::service},
    Field<Scenario>{"service_times", &Scenario::service_times},
    Field<Scenario>{"load_permille", &Scenario::load_permille},
    Field<Scenario>{"connections", &Scenario::connections},
    Field<Scenario>{"rates", &Scenario::rates},
    Field<Scenario>{"exponent_permille", &Scenario::exponent_permille},
    Field<Scenario>{"placement", &Scenario::placement},
    Field<Scenario>{"lifetime_ms", &Scenario::lifetime},
    Field<Scenario>{"elephant_permille", &Scenario::elephant_permille},
    Field<Scenario>{"wave_period_ms", &Scenario::wave_period},
    Field<Scenario>{"wave_permille", &Scenario::wave_permille},
    Field<Scenario>{"noise_permille", &Scenario::noise_permille},
    Field<Scenario>{"noise_correlation_permille",
                    &Scenario::noise_correlation_permille},
    Field<Scenario>{"capture", &Scenario::capture},
    Field<Scenario>{"report_delay_ms", &Scenario::report_delay},
    Field<Scenario>{"apply_delay_ms", &Scenario::apply_delay},
    Field<Scenario>{"pause_us", &Scenario::pause},
};

constexpr std::array kHappeningFields = {
    Field<Happening>{"kind", &Happening::kind},
    Field<Happening>{"at_ms", &Happening::at},
    Field<Happening>{"processor", &Happening::processor},
    Field<Happening>{"permille", &Happening::permille},
    Field<Happening>{"connections", &Happening::connections},
    Field<Happening>{"until_ms", &Happening::until},
};

template <class E>
struct Names;
template <>
struct Names<QueueKind> {
  static constexpr std::array kNames = {"fair", "fifo"};
};
template <>
struct Names<ServiceTimes> {
  static constexpr std::array kNames = {"fixed", "exponential"};
};
template <>
struct Names<Rates> {
  static constexpr std::array kNames = {"equal", "zipf", "pareto"};
};
template <>
struct Names<Placement> {
  static constexpr std::array kNames = {"random", "round_robin"};
};
template <>
struct Names<HappeningKind> {
  static constexpr std::array kNames = {"capacity", "drain", "fail", "return",
                                        "flash_crowd"};
};

absl::Status Set(std::uint32_t& target, const char* key,
                 const std::string& text) {
  if (absl::SimpleAtoi(text, &target)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(key, " is \"", text, "\"; use a whole number from 0"));
}

template <class Period>
absl::Status Set(std::chrono::duration<std::int64_t, Period>& target,
                 const char* key, const std::string& text) {
  std::uint32_t number = 0;
  LB_RETURN_IF_ERROR(Set(number, key, text));
  target = std::chrono::duration<std::int64_t, Period>(number);
  return absl::OkStatus();
}

absl::Status Set(std::string& target, const char* key,
                 const std::string& text) {
  if (text.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(key, " is empty"));
  }
  target = text;
  return absl::OkStatus();
}

template <class E>
absl::Status Set(E& target, const char* key, const std::string& text) {
  constexpr auto& kNames = Names<E>::kNames;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i]) {
      target = static_cast<E>(i);
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      key, " is \"", text, "\"; use ", absl::StrJoin(kNames, " or ")));
}

template <class T>
absl::Status SetKey(std::span<const Field<T>> fields, const std::string& key,
                    const YAML::Node& value, T& target) {
  for (const Field<T>& field : fields) {
    if (key != field.key) continue;
    if (!value.IsScalar()) {
      return absl::InvalidArgumentError(
          absl::StrCat(key, " has one value, a name or a number"));
    }
    return std::visit(
        [&](auto member) {
          return Set(target.*member, field.key, value.Scalar());
        },
        field.member);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "key \"", key, "\" is unknown; use ",
      absl::StrJoin(fields, ", ", [](std::string* out, const Field<T>& field) {
        out->append(field.key);
      })));
}

// Calls `take` with every key, which must be a name that is not there twice.
template <class Take>
absl::Status EachKey(const YAML::Node& map, Take take) {
  std::set<std::string> seen;
  for (const auto& entry : map) {
    if (!entry.first.IsScalar()) {
      return absl::InvalidArgumentError("a key is not a name");
    }
    const std::string& key = entry.first.Scalar();
    if (!seen.insert(key).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("key \"", key, "\" is there twice; keep one"));
    }
    LB_RETURN_IF_ERROR(take(key, entry.second));
  }
  return absl::OkStatus();
}

absl::StatusOr<Happening> ParseHappening(const YAML::Node& node) {
  if (!node.IsMap() || !node["kind"] || !node["at_ms"]) {
    return absl::InvalidArgumentError(
        "it needs a kind and a time; write such as "
        "\"{kind: capacity, at_ms: 40000, processor: 1, permille: 200}\"");
  }
  Happening happening;
  LB_RETURN_IF_ERROR(
      EachKey(node, [&](const std::string& key, const YAML::Node& value) {
        return SetKey<Happening>(kHappeningFields, key, value, happening);
      }));
  return happening;
}

absl::Status ParseHappenings(const YAML::Node& list, Scenario& scenario) {
  if (!list.IsSequence()) {
    return absl::InvalidArgumentError(
        "happenings is no list; write one line \"- {...}\" for each");
  }
  for (const YAML::Node& node : list) {
    absl::StatusOr<Happening> happening = ParseHappening(node);
    if (!happening.ok()) {
      return Annotate(
          happening.status(),
          absl::StrCat("happening ", scenario.happenings.size() + 1));
    }
    scenario.happenings.push_back(*happening);
  }
  return absl::OkStatus();
}

absl::StatusOr<Scenario> FromMap(const YAML::Node& map) {
  if (!map.IsMap()) {
    return absl::InvalidArgumentError(
        "a scenario is a map; write lines such as \"processors: 8\"");
  }
  Scenario scenario;
  LB_RETURN_IF_ERROR(
      EachKey(map, [&](const std::string& key, const YAML::Node& value) {
        if (key == "happenings") return ParseHappenings(value, scenario);
        return SetKey<Scenario>(kFields, key, value, scenario);
      }));
  LB_RETURN_IF_ERROR(ValidateScenario(scenario));
  return scenario;
}

}  // namespace

absl::StatusOr<Scenario> ParseScenario(const std::string& yaml) {
  // yaml-cpp reports by throwing; none of it leaves here.
  try {
    return FromMap(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is not YAML: ", error.what()));
  }
}

absl::StatusOr<Scenario> ReadScenarioFile(const std::string& path) {
  errno = 0;
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !text) {
    return absl::NotFoundError(absl::StrCat(
        "scenario file ", path, " cannot be read; see that it is there"));
  }
  absl::StatusOr<Scenario> scenario = ParseScenario(text.str());
  if (!scenario.ok()) {
    return Annotate(scenario.status(), absl::StrCat("scenario file ", path));
  }
  const std::filesystem::path place(path);
  if (scenario->name == Scenario().name) scenario->name = place.stem().string();
  if (!scenario->capture.empty()) {
    scenario->capture = (place.parent_path() / scenario->capture).string();
  }
  return scenario;
}

}  // namespace lb::sim
