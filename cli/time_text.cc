#include "cli/time_text.h"

#include <chrono>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cli/errors.h"
#include "cli/formatting.h"

namespace lb::cli {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kMostSeconds = std::int64_t{1} << 33;  // 270 years

bool IsUnset(const google::protobuf::Timestamp& time) {
  return time.seconds() == 0 && time.nanos() == 0;
}

// "-10m" as 600 s.
std::optional<seconds> ParseAgo(const std::string& text) {
  if (text.size() < 3 || text.front() != '-') return std::nullopt;
  std::int64_t unit = 0;
  switch (text.back()) {
    case 's':
      unit = 1;
      break;
    case 'm':
      unit = 60;
      break;
    case 'h':
      unit = 3'600;
      break;
    case 'd':
      unit = 86'400;
      break;
    default:
      return std::nullopt;
  }
  std::uint32_t number = 0;
  if (!absl::SimpleAtoi(text.substr(1, text.size() - 2), &number) ||
      number * unit > kMostSeconds) {
    return std::nullopt;
  }
  return seconds(number * unit);
}

}  // namespace

absl::StatusOr<WallTime> ParseTime(const std::string& text, WallTime now) {
  if (text == "now") return now;
  if (const std::optional<seconds> ago = ParseAgo(text)) return now - *ago;
  absl::Time time;
  std::string error;
  // Abseil would take "infinite-past", too.
  if (!text.empty() &&
      absl::ascii_isdigit(static_cast<unsigned char>(text.front())) &&
      absl::ParseTime(absl::RFC3339_full, text, &time, &error) &&
      time >= absl::UnixEpoch() &&
      time < absl::UnixEpoch() + absl::Seconds(kMostSeconds)) {
    return absl::ToChronoTime(time);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("time \"", text,
                   "\" cannot be read; write 2026-11-22T12:40:59Z, or -10m, "
                   "-2h, -7d before now"));
}

Argument Time(std::optional<WallTime>& target, const Clock& clock) {
  return {.form = "TIME",
          .initial = "",
          .read = [&target, &clock](const std::string& text) {
            const auto time = ParseTime(text, clock.Wall());
            if (time.ok()) target = *time;
            return time.status();
          }};
}

absl::Status CheckPeriod(const std::optional<WallTime>& from,
                         const std::optional<WallTime>& to) {
  if (!from || !to || *from < *to) return absl::OkStatus();
  return UsageError(absl::StrCat("--to is ", FormatWallTime(*to),
                                 ", which is not after --from, ",
                                 FormatWallTime(*from)));
}

google::protobuf::Timestamp ToTimestamp(WallTime time) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
      time.time_since_epoch());
  const auto whole = std::chrono::floor<seconds>(ns);
  google::protobuf::Timestamp result;
  result.set_seconds(whole.count());
  result.set_nanos(static_cast<std::int32_t>((ns - whole).count()));
  return result;
}

WallTime ToWallTime(const google::protobuf::Timestamp& time) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      seconds(time.seconds()) + std::chrono::nanoseconds(time.nanos())));
}

std::string FormatTime(const google::protobuf::Timestamp& time) {
  return IsUnset(time) ? "" : FormatWallTime(ToWallTime(time));
}

std::string FormatAge(const google::protobuf::Timestamp& time,
                      const Clock& clock) {
  if (IsUnset(time)) return "";
  return FormatDuration(clock.Wall() - ToWallTime(time)) + " ago";
}

}  // namespace lb::cli
