// An explanation as people read it. Pure.
#ifndef LB_CONTROLLER_CORE_EXPLAIN_LINES_H_
#define LB_CONTROLLER_CORE_EXPLAIN_LINES_H_

#include <string>
#include <vector>

#include "controller/core/explain.h"

namespace lb::controller {

// `missing` says why there are no inputs; empty: there are. The explanation is
// complete but for its lines, and PlanLines() takes one of a plan.
std::vector<std::string> PlanLines(const Explanation& explanation,
                                   const std::string& missing);
std::vector<std::string> DecisionLines(const Explanation& explanation,
                                       const std::string& missing);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_EXPLAIN_LINES_H_
