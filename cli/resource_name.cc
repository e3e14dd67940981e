#include "cli/resource_name.h"

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/formatting.h"
#include "common/status.h"

namespace lb::cli {
namespace {

absl::Status NotAName(const char* what, const std::string& text,
                      const char* way_out) {
  return absl::InvalidArgumentError(
      absl::StrCat(what, " \"", text, "\" is not a name; ", way_out));
}

bool IsHost(const std::string& name) { return !name.empty() && name != "-"; }

bool IsNumber(const std::string& text) {
  std::uint64_t number = 0;
  return absl::SimpleAtoi(text, &number) && number > 0;
}

// "hosts/a/COLLECTION/7" for one of the collections.
bool IsNumbered(const std::string& text,
                std::initializer_list<std::string_view> collections) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() != 4 || parts[0] != "hosts" || !IsHost(parts[1]) ||
      !IsNumber(parts[3])) {
    return false;
  }
  for (const std::string_view collection : collections) {
    if (parts[2] == collection) return true;
  }
  return false;
}

// "a/7" as "hosts/a/plans/7"; anything else as it is.
std::string Expanded(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() != 2 || parts[0] == "hosts") return text;
  return absl::StrCat("hosts/", parts[0], "/plans/", parts[1]);
}

}  // namespace

absl::StatusOr<std::string> HostResource(const std::string& text) {
  const std::string host = text.starts_with("hosts/") ? text.substr(6) : text;
  if (!IsHost(host) || host.find('/') != std::string::npos) {
    return NotAName("host", text, "see lbctl host list");
  }
  return "hosts/" + host;
}

absl::StatusOr<std::string> PlanResource(const std::string& text) {
  const std::string name = Expanded(text);
  if (IsNumbered(name, {"plans"})) return name;
  return NotAName("plan", text, "write HOST/EPOCH, see lbctl plan list");
}

absl::StatusOr<std::string> PlanOrProposalResource(const std::string& text) {
  const std::string name = Expanded(text);
  if (IsNumbered(name, {"plans", "proposals"})) return name;
  return NotAName("plan", text,
                  "write HOST/EPOCH or hosts/HOST/proposals/ID, see lbctl plan "
                  "list");
}

absl::StatusOr<std::string> DecisionResource(const std::string& text) {
  const std::string name = Expanded(text);
  if (IsNumbered(name, {"plans", "proposals", "decisions"})) return name;
  return NotAName("plan", text,
                  "write HOST/EPOCH, hosts/HOST/proposals/ID or "
                  "hosts/HOST/decisions/REVISION");
}

absl::StatusOr<std::string> ProposalResource(const std::string& text) {
  if (IsNumbered(text, {"proposals"})) return text;
  return NotAName("proposal", text,
                  "write hosts/HOST/proposals/ID, see lbctl plan list");
}

std::string ShortName(const std::string& resource) {
  const std::vector<std::string> parts = absl::StrSplit(resource, '/');
  if (parts[0] != "hosts") return FormatText(resource);
  if (parts.size() == 2) return FormatText(parts[1]);
  if (parts.size() == 4 && parts[2] == "plans") {
    return FormatText(absl::StrCat(parts[1], "/", parts[3]));
  }
  return FormatText(resource);
}

Argument HostName(std::string& target) {
  return Converted(target, "HOST", HostResource);
}

}  // namespace lb::cli
