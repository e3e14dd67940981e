#include "controller/core/queries.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/core/page_token.h"
#include "controller/core/resource_name.h"

namespace lb::controller {
namespace {

struct PageRequest {
  std::string host;
  std::uint32_t size = 0;
  std::uint64_t before = 0;
};

absl::StatusOr<PageRequest> ParseRequest(const std::string& list,
                                         const std::string& parent,
                                         std::int32_t page_size,
                                         const std::string& page_token) {
  PageRequest request;
  LB_ASSIGN_OR_RETURN(request.host, ParseParent(parent));
  LB_ASSIGN_OR_RETURN(request.size, ParsePageSize(page_size));
  LB_ASSIGN_OR_RETURN(request.before,
                      ParseNumberToken(page_token, list, parent));
  return request;
}

// `items` has one element more than the page if there is another page.
template <class T, class KeyOf>
Page<T> MakePage(std::vector<T> items, std::uint32_t size,
                 const std::string& list, const std::string& parent,
                 KeyOf key_of) {
  Page<T> page;
  page.items = std::move(items);
  if (page.items.size() > size) {
    page.items.resize(size);
    page.next_page_token =
        MakePageToken(list, parent, absl::StrCat(key_of(page.items.back())));
  }
  return page;
}

}  // namespace

absl::StatusOr<Page<HostView>> Queries::ListHosts(
    std::int32_t page_size, const std::string& page_token) {
  LB_ASSIGN_OR_RETURN(const std::uint32_t size, ParsePageSize(page_size));
  LB_ASSIGN_OR_RETURN(const std::string after,
                      ParsePageToken(page_token, "hosts", ""));
  Page<HostView> page;
  const auto& hosts = fleet_.hosts();
  for (auto it = hosts.upper_bound(after); it != hosts.end(); ++it) {
    if (page.items.size() == size) {
      page.next_page_token =
          MakePageToken("hosts", "", page.items.back().record.host);
      break;
    }
    page.items.push_back(ViewOf(*it->second, fleet_.policy()));
  }
  return page;
}

absl::StatusOr<HostView> Queries::GetHost(const std::string& name) {
  LB_ASSIGN_OR_RETURN(const std::string host, ParseHostName(name));
  const auto it = fleet_.hosts().find(host);
  if (it == fleet_.hosts().end()) {
    return absl::NotFoundError(absl::StrCat(
        "there is no host ", host, "; list hosts to see which there are"));
  }
  return ViewOf(*it->second, fleet_.policy());
}

void Queries::ListPlans(const std::string& parent, std::int32_t page_size,
                        const std::string& page_token,
                        Store::Callback<Page<PlanRecord>> callback) {
  auto request = ParseRequest("plans", parent, page_size, page_token);
  if (!request.ok()) {
    std::move(callback)(request.status());
    return;
  }
  store_.ListPlans(
      {request->host, request->before, request->size + 1},
      [parent, size = request->size, callback = std::move(callback)](
          absl::StatusOr<std::vector<PlanRecord>> plans) mutable {
        if (!plans.ok()) {
          std::move(callback)(plans.status());
          return;
        }
        std::move(callback)(
            MakePage(*std::move(plans), size, "plans", parent,
                     [](const PlanRecord& plan) { return plan.id; }));
      });
}

void Queries::GetPlan(const std::string& name,
                      Store::Callback<PlanRecord> callback) {
  const auto resource = ParsePlanName(name);
  if (!resource.ok()) {
    std::move(callback)(resource.status());
  } else if (resource->proposal) {
    store_.GetProposal(resource->host, resource->number, std::move(callback));
  } else {
    store_.GetPlan(resource->host, Epoch(resource->number),
                   std::move(callback));
  }
}

void Queries::ListEvents(const std::string& parent, std::int32_t page_size,
                         const std::string& page_token,
                         Store::Callback<Page<Event>> callback) {
  auto request = ParseRequest("events", parent, page_size, page_token);
  if (!request.ok()) {
    std::move(callback)(request.status());
    return;
  }
  store_.ListEvents(
      {request->host, request->before, request->size + 1},
      [parent, size = request->size, callback = std::move(callback)](
          absl::StatusOr<std::vector<Event>> events) mutable {
        if (!events.ok()) {
          std::move(callback)(events.status());
          return;
        }
        std::move(callback)(
            MakePage(*std::move(events), size, "events", parent,
                     [](const Event& event) { return event.revision; }));
      });
}

}  // namespace lb::controller
