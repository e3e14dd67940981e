// What the parts of Commands share: lines, and how outcomes become answers.
#ifndef LB_CONTROLLER_CORE_COMMAND_ANSWERS_H_
#define LB_CONTROLLER_CORE_COMMAND_ANSWERS_H_

#include <string>
#include <utility>

#include "controller/core/commands.h"
#include "controller/core/mutation.h"

namespace lb::controller {

// Lines of what is no host's; no host has such a name.
inline constexpr char kFleetLine[] = "/fleet";
inline constexpr char kBackupLine[] = "/backup";

// "processor 3, by socket:operator: the reason".
std::string Signed(const Call& call, const std::string& what);

inline auto AnswerReceipt(Commands::Done<Receipt> done) {
  return [done = std::move(done)](absl::StatusOr<Outcome> outcome) mutable {
    if (outcome.ok()) {
      std::move(done)(outcome->receipt);
    } else {
      std::move(done)(outcome.status());
    }
  };
}

// For a method that answers with less than the one it is made of.
template <class T>
Commands::Done<Changed<T>> OnlyReceipt(Commands::Done<Receipt> done) {
  return [done = std::move(done)](absl::StatusOr<Changed<T>> changed) mutable {
    if (changed.ok()) {
      std::move(done)(changed->receipt);
    } else {
      std::move(done)(changed.status());
    }
  };
}

// `value` is called once it is done, for its present state.
template <class T, class ValueOf>
auto AnswerChanged(Commands::Done<Changed<T>> done, ValueOf value) {
  return [done = std::move(done),
          value = std::move(value)](absl::StatusOr<Outcome> outcome) mutable {
    if (outcome.ok()) {
      T present = value(*outcome);
      std::move(done)(Changed<T>{std::move(present), outcome->receipt});
    } else {
      std::move(done)(outcome.status());
    }
  };
}

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_COMMAND_ANSWERS_H_
