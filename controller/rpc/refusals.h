// Calls that were refused: changes are brought to the audit one by one, others
// are counted, with one event a minute. Any thread.
#ifndef LB_CONTROLLER_RPC_REFUSALS_H_
#define LB_CONTROLLER_RPC_REFUSALS_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "common/clock.h"
#include "controller/core/access.h"
#include "controller/rpc/core_access.h"

namespace lb::controller {

// Shared, because the loop may still have a report to make when the listeners
// are gone.
class Refusals : public std::enable_shared_from_this<Refusals> {
 public:
  static constexpr std::chrono::minutes kInterval{1};

  explicit Refusals(const CoreAccess& core) : core_(core) {}

  void AddChange(Call call, const absl::Status& why);
  void Add(const absl::Status& why);

 private:
  // On the loop: one event of what was refused since the last one, now or
  // when the minute is over.
  void Report();

  const CoreAccess core_;
  std::mutex mutex_;
  std::uint64_t unreported_ = 0;
  std::string last_;
  MonotonicTime next_report_{};  // the loop's
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_REFUSALS_H_
