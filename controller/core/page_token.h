// Opaque tokens that continue a list where its last page ended. Pure.
#ifndef LB_CONTROLLER_CORE_PAGE_TOKEN_H_
#define LB_CONTROLLER_CORE_PAGE_TOKEN_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lb::controller {

inline constexpr std::int32_t kDefaultPageSize = 50;
inline constexpr std::int32_t kMaxPageSize = 1'000;

// The page size asked for; 0 is the default. INVALID_ARGUMENT if it is
// negative or too large.
absl::StatusOr<std::uint32_t> ParsePageSize(std::int32_t page_size);

// `list` and `parent` name the list the token belongs to, `key` the last
// element of its page.
std::string MakePageToken(std::string_view list, std::string_view parent,
                          std::string_view key);

// The key; empty for an empty token, which is the first page's.
// INVALID_ARGUMENT for a token that is damaged or of another list.
absl::StatusOr<std::string> ParsePageToken(std::string_view token,
                                           std::string_view list,
                                           std::string_view parent);

// The same for keys that are numbers from 1; 0 for an empty token.
absl::StatusOr<std::uint64_t> ParseNumberToken(std::string_view token,
                                               std::string_view list,
                                               std::string_view parent);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_PAGE_TOKEN_H_
