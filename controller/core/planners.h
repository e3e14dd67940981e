// One planner of each kind, made when it is first asked for. On the loop's
// thread.
#ifndef LB_CONTROLLER_CORE_PLANNERS_H_
#define LB_CONTROLLER_CORE_PLANNERS_H_

#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "balance/planner.h"

namespace lb::controller {

using PlannerFactory =
    std::function<absl::StatusOr<std::unique_ptr<balance::Planner>>(
        balance::PlannerKind)>;

class Planners {
 public:
  explicit Planners(PlannerFactory make) : make_(std::move(make)) {}

  // The factory's error if there is no such planner. Valid as long as this.
  absl::StatusOr<const balance::Planner*> Get(balance::PlannerKind kind);

 private:
  const PlannerFactory make_;
  std::map<balance::PlannerKind, std::unique_ptr<balance::Planner>> made_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_PLANNERS_H_
