// Follows page tokens. One thread.
#ifndef LB_CLI_PAGING_H_
#define LB_CLI_PAGING_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "common/status.h"

namespace lb::cli {

inline constexpr std::int64_t kMaxPageSize = 1'000;

// Calls `page(page_size, page_token)` until `limit` items have come or there
// are no more; 0 is no limit. `page` adds its items to its caller's and
// returns how many they are, and the next token.
struct PageResult {
  std::int64_t items = 0;
  std::string next_page_token;
};
template <class Page>
absl::Status ForEachPage(std::int64_t limit, const Page& page) {
  std::string token;
  std::int64_t taken = 0;
  do {
    const std::int64_t size =
        limit == 0 ? kMaxPageSize : std::min(limit - taken, kMaxPageSize);
    LB_ASSIGN_OR_RETURN(PageResult result,
                        page(static_cast<std::int32_t>(size), token));
    taken += result.items;
    token = std::move(result.next_page_token);
  } while (!token.empty() && (limit == 0 || taken < limit));
  return absl::OkStatus();
}

}  // namespace lb::cli

#endif  // LB_CLI_PAGING_H_
