// Messages of the API as JSON. One thread.
#ifndef LB_CLI_PROTO_JSON_H_
#define LB_CLI_PROTO_JSON_H_

#include <google/protobuf/message.h>

#include <ostream>

#include "absl/status/status.h"

namespace lb::cli {

enum class JsonLayout { kIndented, kOneLine };

// The message as Protobuf's JSON, with the proto's names and every field;
// ends the line. INTERNAL if Protobuf cannot.
absl::Status PrintJson(const google::protobuf::Message& message,
                       JsonLayout layout, std::ostream& out);

}  // namespace lb::cli

#endif  // LB_CLI_PROTO_JSON_H_
