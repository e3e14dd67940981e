// Times as people write and read them. Pure; any thread.
#ifndef LB_CLI_TIME_TEXT_H_
#define LB_CLI_TIME_TEXT_H_

#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/argument.h"
#include "common/clock.h"

namespace lb::cli {

// "2026-11-22T12:40:59Z", with any offset and fraction, or "-90s", "-10m",
// "-2h", "-7d" before `now`, or "now". INVALID_ARGUMENT for anything else.
absl::StatusOr<WallTime> ParseTime(const std::string& text, WallTime now);

// Such a time as an argument; relative to the moment of reading it.
Argument Time(std::optional<WallTime>& target, const Clock& clock);

// A usage error if --to is not after --from.
absl::Status CheckPeriod(const std::optional<WallTime>& from,
                         const std::optional<WallTime>& to);

google::protobuf::Timestamp ToTimestamp(WallTime time);
WallTime ToWallTime(const google::protobuf::Timestamp& time);

// UTC, RFC 3339; empty for a time that is not set.
std::string FormatTime(const google::protobuf::Timestamp& time);

// "3.00s ago"; empty for a time that is not set.
std::string FormatAge(const google::protobuf::Timestamp& time,
                      const Clock& clock);

}  // namespace lb::cli

#endif  // LB_CLI_TIME_TEXT_H_
