#include "cli/output.h"

#include <google/protobuf/util/json_util.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "cli/formatting.h"

namespace lb::cli {

void AddOutputFlag(CLI::App& command, OutputForm& form) {
  const std::map<std::string, OutputForm> forms = {
      {"table", OutputForm::kTable}, {"json", OutputForm::kJson}};
  command.add_option("-o,--output", form, "Form of the answer")
      ->type_name("table|json")
      ->transform(CLI::CheckedTransformer(forms).description(""))
      ->default_str("table");
}

absl::Status PrintJson(const google::protobuf::Message& message,
                       JsonLayout layout, std::ostream& out) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = layout == JsonLayout::kIndented;
  std::string json;
  const auto status =
      google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) {
    return absl::InternalError(
        absl::StrCat("answer has no JSON form: ", status.ToString()));
  }
  out << json;
  if (json.empty() || json.back() != '\n') out << '\n';
  return absl::OkStatus();
}

WallTime ToWallTime(const google::protobuf::Timestamp& time) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::seconds(time.seconds()) +
      std::chrono::nanoseconds(time.nanos())));
}

std::string FormatAge(const google::protobuf::Timestamp& time,
                      const Clock& clock) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return FormatDuration(clock.Wall() - ToWallTime(time)) + " ago";
}

std::string WithoutPrefix(const std::string& name, const std::string& prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

absl::StatusOr<std::string> HostResource(const std::string& text) {
  const std::string host = WithoutPrefix(text, "hosts/");
  if (host.empty() || host == "-" || host.find('/') != std::string::npos) {
    return UsageError("host \"" + text +
                      "\" is not a name; see lbctl host list");
  }
  return "hosts/" + host;
}

}  // namespace lb::cli
