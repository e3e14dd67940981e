// What can be asked of the controller. Answers come from memory for hosts and
// from the store for plans and events. On the loop's thread, callbacks too.
#ifndef LB_CONTROLLER_CORE_QUERIES_H_
#define LB_CONTROLLER_CORE_QUERIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/core/fleet.h"
#include "controller/core/host_view.h"
#include "controller/core/store.h"

namespace lb::controller {

template <class T>
struct Page {
  std::vector<T> items;
  std::string next_page_token;  // empty: this is the last page
};

// page_size: 0 means 50, at most 1000. Errors of every method:
// INVALID_ARGUMENT for names, sizes and tokens, NOT_FOUND, UNAVAILABLE.
class Queries {
 public:
  // Both outlive the queries and their callbacks.
  Queries(const Fleet& fleet, Store& store) : fleet_(fleet), store_(store) {}

  // By name.
  absl::StatusOr<Page<HostView>> ListHosts(std::int32_t page_size,
                                           const std::string& page_token);
  absl::StatusOr<HostView> GetHost(const std::string& name);

  // `parent` is hosts/HOST, or hosts/- for all; newest first.
  void ListPlans(const std::string& parent, std::int32_t page_size,
                 const std::string& page_token,
                 Store::Callback<Page<PlanRecord>> callback);
  void GetPlan(const std::string& name, Store::Callback<PlanRecord> callback);
  void ListEvents(const std::string& parent, std::int32_t page_size,
                  const std::string& page_token,
                  Store::Callback<Page<Event>> callback);

 private:
  const Fleet& fleet_;
  Store& store_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_QUERIES_H_
