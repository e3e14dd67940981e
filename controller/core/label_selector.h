// Which hosts a caller means, by their labels: "rack=a1,role!=spare,canary".
// Pure values; any thread.
#ifndef LB_CONTROLLER_CORE_LABEL_SELECTOR_H_
#define LB_CONTROLLER_CORE_LABEL_SELECTOR_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lb::controller {

class LabelSelector {
 public:
  // Selects every host.
  LabelSelector() = default;

  // Conditions with commas between them, all of which must hold: KEY=VALUE,
  // KEY!=VALUE (which also holds without the label), and KEY alone (the host
  // has the label). Keys and values are of letters, digits and "._-/"; a value
  // may be empty. Empty text selects every host. INVALID_ARGUMENT says at which
  // character, from 1, what is wrong.
  static absl::StatusOr<LabelSelector> Parse(std::string_view text);

  bool Matches(const std::map<std::string, std::string>& labels) const;

 private:
  enum class Relation : std::uint8_t { kIs, kIsNot, kExists };
  struct Condition {
    std::string key;
    Relation relation = Relation::kExists;
    std::string value;
  };

  std::vector<Condition> conditions_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_LABEL_SELECTOR_H_
