// How many of what, as people read it. Pure; any thread.
#ifndef LB_COMMON_FORMAT_NUMBER_H_
#define LB_COMMON_FORMAT_NUMBER_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace lb {

// "1 move", "2 moves": `thing` is in the singular.
std::string FormatNumber(std::uint64_t number, std::string_view thing);

}  // namespace lb

#endif  // LB_COMMON_FORMAT_NUMBER_H_
