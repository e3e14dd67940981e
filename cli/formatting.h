// Numbers and names as people read them. Pure; any thread.
#ifndef LB_CLI_FORMATTING_H_
#define LB_CLI_FORMATTING_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lb::cli {

// 0.4567 as "45.7%".
std::string FormatPercent(double part);

// A bar of `width` characters, '#' for the part (clipped to 0..1), '.' for the
// rest.
std::string FormatBar(double part, std::size_t width);

// 1.2345 as "1.23".
std::string FormatRatio(double ratio);

// Three digits and a unit: "0ns", "850ns", "1.25us", "12.5ms", "3.00s",
// "2m05s", "3h20m", "5d04h". A negative duration counts as none.
std::string FormatDuration(std::chrono::nanoseconds duration);

// Three digits and a decimal prefix: "999", "1.23k", "45.6M".
std::string FormatCount(std::uint64_t count);

// A digest or another fixed64, as 16 hexadecimal digits.
std::string FormatHex(std::uint64_t value);

// Text that came from elsewhere, in one line, and with nothing in it that a
// terminal would obey: control characters become '?'.
std::string FormatText(std::string_view text);

// "HOST_STATE_ACTIVE" without the prefix, in lower case: "active".
std::string FormatEnum(std::string_view name, std::string_view prefix);

}  // namespace lb::cli

#endif  // LB_CLI_FORMATTING_H_
