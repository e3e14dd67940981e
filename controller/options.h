// What lb-controller is told to do. Pure values.
#ifndef LB_CONTROLLER_OPTIONS_H_
#define LB_CONTROLLER_OPTIONS_H_

#include <optional>
#include <string>

#include "balance/policy.h"
#include "controller/rpc/listen_options.h"
#include "controller/store/store_options.h"

namespace lb::controller {

struct Options {
  StoreOptions store;
  ListenOptions listen;
  std::string port_file;                  // empty: none
  std::string policy_file;                // empty: none
  std::optional<balance::Policy> policy;  // what the policy file says
  std::string log_level;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_OPTIONS_H_
