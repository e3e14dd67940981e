// The forms an answer can be printed in. One thread.
#ifndef LB_CLI_OUTPUT_H_
#define LB_CLI_OUTPUT_H_

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <chrono>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/command.h"
#include "common/clock.h"

namespace lb::cli {

enum class OutputForm { kTable, kJson };

// -o, --output table|json.
void AddOutputFlag(CLI::App& command, OutputForm& form);

enum class JsonLayout { kIndented, kOneLine };

// The message as Protobuf's JSON, with the proto's names and every field;
// ends the line. INTERNAL if Protobuf cannot.
absl::Status PrintJson(const google::protobuf::Message& message,
                       JsonLayout layout, std::ostream& out);

WallTime ToWallTime(const google::protobuf::Timestamp& time);

// "3.00s ago"; empty for a time that is not set.
std::string FormatAge(const google::protobuf::Timestamp& time,
                      const Clock& clock);

// The part after `prefix`, or the whole: "hosts/a" as "a".
std::string WithoutPrefix(const std::string& name, const std::string& prefix);

// What may stand for HOST: "a" or "hosts/a", as "hosts/a". A usage error for
// anything else.
absl::StatusOr<std::string> HostResource(const std::string& text);

}  // namespace lb::cli

#endif  // LB_CLI_OUTPUT_H_
