// How the threads of the files hand over what came of a task.
#ifndef LB_CONTROLLER_STORE_ANSWER_H_
#define LB_CONTROLLER_STORE_ANSWER_H_

#include <utility>

#include "absl/status/statusor.h"
#include "controller/core/event_loop.h"
#include "controller/core/store.h"

namespace lb::controller {

template <class T>
void PostAnswer(Executor& executor, absl::StatusOr<T> result,
                Store::Callback<T> callback) {
  executor.Post(
      [result = std::move(result), callback = std::move(callback)]() mutable {
        std::move(callback)(std::move(result));
      });
}

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_ANSWER_H_
