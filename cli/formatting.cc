#include "cli/formatting.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "common/status.h"

namespace lb::cli {
namespace {

// Three significant digits of 1 <= value < 1000.
std::string ThreeDigits(double value) {
  if (value < 9.995) return absl::StrFormat("%.2f", value);
  if (value < 99.95) return absl::StrFormat("%.1f", value);
  return absl::StrFormat("%.0f", value);
}

std::string TwoUnits(std::int64_t high, const char* high_unit, std::int64_t low,
                     const char* low_unit) {
  return absl::StrFormat("%d%s%02d%s", high, high_unit, low, low_unit);
}

}  // namespace

std::string FormatPercent(double part) {
  return absl::StrFormat("%.1f%%", 100 * part);
}

std::string FormatBar(double part, std::size_t width) {
  const double clipped = std::isfinite(part) ? std::clamp(part, 0.0, 1.0) : 0;
  const auto full = static_cast<std::size_t>(
      std::lround(clipped * static_cast<double>(width)));
  return std::string(full, '#') + std::string(width - full, '.');
}

std::string FormatRatio(double ratio) { return absl::StrFormat("%.2f", ratio); }

std::string FormatDuration(std::chrono::nanoseconds duration) {
  const std::int64_t ns = std::max<std::int64_t>(duration.count(), 0);
  if (ns < 1'000) return absl::StrCat(ns, "ns");
  const auto value = static_cast<double>(ns);
  if (value < 999.5e3) return ThreeDigits(value / 1e3) + "us";
  if (value < 999.5e6) return ThreeDigits(value / 1e6) + "ms";
  if (value < 60e9) return ThreeDigits(value / 1e9) + "s";
  const std::int64_t s = ns / 1'000'000'000;
  if (s < 3'600) return TwoUnits(s / 60, "m", s % 60, "s");
  if (s < 86'400) return TwoUnits(s / 3'600, "h", s / 60 % 60, "m");
  return TwoUnits(s / 86'400, "d", s / 3'600 % 24, "h");
}

std::string FormatCount(std::uint64_t count) {
  if (count < 1'000) return absl::StrCat(count);
  constexpr std::array<const char*, 6> kPrefixes = {"k", "M", "G",
                                                    "T", "P", "E"};
  double value = static_cast<double>(count) / 1e3;
  std::size_t prefix = 0;
  while (value >= 999.5 && prefix + 1 < kPrefixes.size()) {
    value /= 1e3;
    ++prefix;
  }
  return ThreeDigits(value) + kPrefixes[prefix];
}

std::string FormatHex(std::uint64_t value) {
  return absl::StrFormat("%016x", value);
}

std::string FormatText(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = '?';
  }
  return line;
}

std::string FormatEnum(std::string_view name, std::string_view prefix) {
  if (name.substr(0, prefix.size()) == prefix)
    name.remove_prefix(prefix.size());
  return absl::AsciiStrToLower(ToAbsl(name));
}

}  // namespace lb::cli
