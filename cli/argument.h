// What an argument of a command may be, and where its value goes. Pure; one
// thread.
#ifndef LB_CLI_ARGUMENT_H_
#define LB_CLI_ARGUMENT_H_

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::cli {

struct Argument {
  std::string form;     // in help: "N", "FILE", "table|json"
  std::string initial;  // shown as the default; empty: nothing is shown
  // Keeps the value, or says in one line what is wrong with the text.
  std::function<absl::Status(const std::string& text)> read;
};

// The targets below are written when the command line is read, and must live
// until then. What they hold before is shown as the default.

// Any text.
Argument Text(std::string& target, std::string form);

// Text that `check` does not object to.
Argument Text(std::string& target, std::string form,
              std::function<absl::Status(const std::string&)> check);

// Text that `convert` turns into what is kept, such as a resource's name.
Argument Converted(
    std::string& target, std::string form,
    std::function<absl::StatusOr<std::string>(const std::string&)> convert);

// One of `words`.
Argument Word(std::string& target, const std::vector<std::string>& words);

// Texts between commas, each of which `check` does not object to.
Argument Texts(std::vector<std::string>& target, std::string form,
               std::function<absl::Status(const std::string&)> check);

Argument Real(double& target, std::string form, double low, double high);
Argument Real(std::optional<double>& target, std::string form, double low,
              double high);

// A whole number from `low` to `high`, or one that says how it is wrong.
absl::StatusOr<std::uint64_t> ParseWhole(const std::string& text,
                                         std::uint64_t low, std::uint64_t high);

template <std::unsigned_integral T>
Argument Whole(T& target, const std::string& form, std::uint64_t low,
               std::uint64_t high) {
  return {.form = form,
          .initial = absl::StrCat(target),
          .read = [&target, low, high](const std::string& text) {
            const auto number = ParseWhole(text, low, high);
            if (number.ok()) target = static_cast<T>(*number);
            return number.status();
          }};
}

// As Whole(), for a value that may be left out: an optional or a type of its
// own.
template <class T>
Argument OptionalWhole(T& target, const std::string& form, std::uint64_t low,
                       std::uint64_t high) {
  return {.form = form,
          .initial = "",
          .read = [&target, low, high](const std::string& text) {
            const auto number = ParseWhole(text, low, high);
            if (number.ok()) {
              target = static_cast<typename T::value_type>(*number);
            }
            return number.status();
          }};
}

}  // namespace lb::cli

#endif  // LB_CLI_ARGUMENT_H_
