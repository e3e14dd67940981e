#include "common/format_number.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb {

std::string FormatNumber(std::uint64_t number, std::string_view thing) {
  return absl::StrCat(number, " ", ToAbsl(thing), number == 1 ? "" : "s");
}

}  // namespace lb
