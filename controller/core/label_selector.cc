#include "controller/core/label_selector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {
namespace {

bool IsLabelCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
         c == '_' || c == '-' || c == '/';
}

// Takes a text apart from its front, and knows where it is.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ == text_.size(); }
  bool Take(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }
  std::string TakeWord() {
    const std::size_t begin = at_;
    while (!AtEnd() && IsLabelCharacter(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }
  absl::Status Expected(std::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(
        "selector, character ", at_ + 1, ": expected ", ToAbsl(what),
        "; write it like \"rack=a1,role!=spare,canary\""));
  }

 private:
  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

absl::StatusOr<LabelSelector> LabelSelector::Parse(std::string_view text) {
  LabelSelector selector;
  if (text.empty()) return selector;
  Scanner scanner(text);
  do {
    Condition condition;
    condition.key = scanner.TakeWord();
    if (condition.key.empty()) return scanner.Expected("the key of a label");
    if (scanner.Take("!=")) {
      condition.relation = Relation::kIsNot;
      condition.value = scanner.TakeWord();
    } else if (scanner.Take("=")) {
      condition.relation = Relation::kIs;
      condition.value = scanner.TakeWord();
    }
    const bool has_value = condition.relation != Relation::kExists;
    selector.conditions_.push_back(std::move(condition));
    if (scanner.AtEnd()) return selector;
    if (!scanner.Take(",")) {
      return scanner.Expected(has_value ? "a comma or the end"
                                        : "=, != or a comma");
    }
  } while (true);
}

bool LabelSelector::Matches(
    const std::map<std::string, std::string>& labels) const {
  return std::all_of(conditions_.begin(), conditions_.end(),
                     [&](const Condition& condition) {
                       const auto label = labels.find(condition.key);
                       const bool has = label != labels.end();
                       switch (condition.relation) {
                         case Relation::kIs:
                           return has && label->second == condition.value;
                         case Relation::kIsNot:
                           return !has || label->second != condition.value;
                         case Relation::kExists:
                           return has;
                       }
                       return false;
                     });
}

}  // namespace lb::controller
