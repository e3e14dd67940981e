#include "agent/flag_values.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"

namespace lb::agent {
namespace {

constexpr std::uint32_t kMaxCpu = 4'095;

template <class... Parts>
absl::Status Invalid(std::string_view what, std::string_view text,
                     const Parts&... parts) {
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(what), " \"", ToAbsl(text), "\" ", parts...));
}

// Digits and at most one point only; SimpleAtod() would take "nan" and "1e3".
bool ParseDecimal(std::string_view text, double& value) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.';
  });
  return plain && absl::SimpleAtod(ToAbsl(text), &value);
}

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

absl::StatusOr<std::uint32_t> ParseCapacityPermille(std::string_view text) {
  const std::size_t slash = text.find('/');
  double numerator = 0;
  double denominator = 1;
  const bool read =
      ParseDecimal(text.substr(0, slash), numerator) &&
      (slash == text.npos || ParseDecimal(text.substr(slash + 1), denominator));
  const double permille =
      read && denominator > 0 ? 1'000 * numerator / denominator : -1;
  if (permille < 0.999 || permille > 1'000.0) {
    return Invalid("capacity", text,
                   "is not a part of a CPU; use 0.001 to 1, or a fraction "
                   "such as 1/6");
  }
  return static_cast<std::uint32_t>(std::lround(permille));
}

absl::StatusOr<std::chrono::milliseconds> ParseMilliseconds(
    std::string_view text) {
  const std::size_t unit =
      std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view name = text.substr(unit);
  const double factor = name == "ms"  ? 1
                        : name == "s" ? 1e3
                        : name == "m" ? 60e3
                        : name == "h" ? 3'600e3
                                      : 0;
  double value = 0;
  const bool read = unit > 0 && ParseDecimal(text.substr(0, unit), value);
  const double ms = read ? value * factor : 0;
  if (ms < 1 || ms > 86'400e3) {
    return Invalid("duration", text,
                   "is not one from 1ms to 24h; write such as 500ms, 60s, 5m");
  }
  return std::chrono::milliseconds(std::llround(ms));
}

absl::StatusOr<std::vector<std::uint32_t>> ParseCpuList(std::string_view text) {
  std::vector<std::uint32_t> cpus;
  for (absl::string_view part : absl::StrSplit(ToAbsl(text), ',')) {
    const std::vector<absl::string_view> ends =
        absl::StrSplit(part, absl::MaxSplits('-', 1));
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    if (!absl::SimpleAtoi(ends.front(), &first) ||
        !absl::SimpleAtoi(ends.back(), &last) || first > last ||
        last > kMaxCpu) {
      return Invalid("CPU list", text, "is not one; write such as 0-3,6");
    }
    for (std::uint32_t cpu = first; cpu <= last; ++cpu) {
      if (std::find(cpus.begin(), cpus.end(), cpu) != cpus.end()) {
        return Invalid("CPU list", text, "names CPU ", cpu, " twice");
      }
      cpus.push_back(cpu);
    }
  }
  return cpus;
}

absl::StatusOr<std::pair<std::string, std::string>> ParseLabel(
    std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos || equals == 0) {
    return Invalid("label", text, "is not one; write KEY=VALUE");
  }
  return std::pair(std::string(text.substr(0, equals)),
                   std::string(text.substr(equals + 1)));
}

absl::StatusOr<std::string> ParseHostName(std::string_view text) {
  if (text.empty() || text.size() > 253 ||
      !absl::ascii_isalnum(static_cast<unsigned char>(text.front())) ||
      !std::all_of(text.begin(), text.end(), IsNameCharacter)) {
    return Invalid("host", text,
                   "is not a name; use letters, digits, '.', '_' and '-'");
  }
  return std::string(text);
}

}  // namespace lb::agent
