#include "cli/argument.h"

#include <algorithm>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace lb::cli {
namespace {

absl::Status Refusal(const std::string& text, const std::string& way_out) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" cannot be used; ", way_out));
}

std::string WholeForm(std::uint64_t low, std::uint64_t high) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  return high == kMost
             ? absl::StrCat("use a whole number from ", low)
             : absl::StrCat("use a whole number from ", low, " to ", high);
}

// Written so that NaN is refused.
template <class T>
absl::Status ReadReal(const std::string& text, double low, double high,
                      T& target) {
  double number = 0;
  if (!absl::SimpleAtod(text, &number) || !(number >= low && number <= high)) {
    return Refusal(text, absl::StrCat("use ", low, " to ", high));
  }
  target = number;
  return absl::OkStatus();
}

}  // namespace

Argument Text(std::string& target, std::string form) {
  return {.form = std::move(form),
          .initial = target,
          .read = [&target](const std::string& text) {
            target = text;
            return absl::OkStatus();
          }};
}

Argument Text(std::string& target, std::string form,
              std::function<absl::Status(const std::string&)> check) {
  return {.form = std::move(form),
          .initial = target,
          .read = [&target, check = std::move(check)](const std::string& text) {
            absl::Status status = check(text);
            if (status.ok()) target = text;
            return status;
          }};
}

Argument Converted(
    std::string& target, std::string form,
    std::function<absl::StatusOr<std::string>(const std::string&)> convert) {
  return {
      .form = std::move(form),
      .initial = "",
      .read = [&target, convert = std::move(convert)](const std::string& text) {
        absl::StatusOr<std::string> value = convert(text);
        if (!value.ok()) return value.status();
        target = *std::move(value);
        return absl::OkStatus();
      }};
}

Argument Word(std::string& target, const std::vector<std::string>& words) {
  return Text(target, absl::StrJoin(words, "|"), [words](const auto& text) {
    return std::find(words.begin(), words.end(), text) != words.end()
               ? absl::OkStatus()
               : Refusal(text, "use " + absl::StrJoin(words, ", "));
  });
}

Argument Texts(std::vector<std::string>& target, std::string form,
               std::function<absl::Status(const std::string&)> check) {
  return {.form = std::move(form),
          .initial = absl::StrJoin(target, ","),
          .read = [&target, check = std::move(check)](const std::string& text) {
            std::vector<std::string> parts = absl::StrSplit(text, ',');
            for (const std::string& part : parts) {
              LB_RETURN_IF_ERROR(check(part));
            }
            target = std::move(parts);
            return absl::OkStatus();
          }};
}

Argument Real(double& target, std::string form, double low, double high) {
  return {.form = std::move(form),
          .initial = absl::StrCat(target),
          .read = [&target, low, high](const std::string& text) {
            return ReadReal(text, low, high, target);
          }};
}

Argument Real(std::optional<double>& target, std::string form, double low,
              double high) {
  return {.form = std::move(form),
          .initial = "",
          .read = [&target, low, high](const std::string& text) {
            return ReadReal(text, low, high, target);
          }};
}

absl::StatusOr<std::uint64_t> ParseWhole(const std::string& text,
                                         std::uint64_t low,
                                         std::uint64_t high) {
  std::uint64_t number = 0;
  if (absl::SimpleAtoi(text, &number) && number >= low && number <= high) {
    return number;
  }
  return Refusal(text, WholeForm(low, high));
}

}  // namespace lb::cli
