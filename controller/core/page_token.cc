#include "controller/core/page_token.h"

#include <limits>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"

namespace lb::controller {
namespace {

absl::Status BadToken() {
  return absl::InvalidArgumentError(
      "page_token is not one of this list; take next_page_token of its last "
      "page, or none for the first");
}

}  // namespace

absl::StatusOr<std::uint32_t> ParsePageSize(std::int32_t page_size) {
  if (page_size < 0 || page_size > kMaxPageSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_size is ", page_size, "; use 0 to ", kMaxPageSize));
  }
  return static_cast<std::uint32_t>(page_size == 0 ? kDefaultPageSize
                                                   : page_size);
}

std::string MakePageToken(std::string_view list, std::string_view parent,
                          std::string_view key) {
  return absl::WebSafeBase64Escape(absl::StrCat(
      "1\n", ToAbsl(list), "\n", ToAbsl(parent), "\n", ToAbsl(key)));
}

absl::StatusOr<std::string> ParsePageToken(std::string_view token,
                                           std::string_view list,
                                           std::string_view parent) {
  if (token.empty()) return std::string();
  std::string text;
  if (!absl::WebSafeBase64Unescape(ToAbsl(token), &text)) return BadToken();
  const std::vector<std::string> parts = absl::StrSplit(text, '\n');
  if (parts.size() != 4 || parts[0] != "1" || parts[1] != list ||
      parts[2] != parent || parts[3].empty()) {
    return BadToken();
  }
  return parts[3];
}

absl::StatusOr<std::uint64_t> ParseNumberToken(std::string_view token,
                                               std::string_view list,
                                               std::string_view parent) {
  LB_ASSIGN_OR_RETURN(const std::string key,
                      ParsePageToken(token, list, parent));
  if (key.empty()) return 0;
  std::uint64_t number = 0;
  if (!absl::SimpleAtoi(key, &number) || number == 0 ||
      number > std::numeric_limits<std::int64_t>::max()) {
    return BadToken();
  }
  return number;
}

}  // namespace lb::controller
