#include "controller/core/queries.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/core/backtest_run.h"
#include "controller/core/label_selector.h"
#include "controller/core/page_token.h"
#include "controller/core/resource_name.h"

namespace lb::controller {
namespace {

struct PageRequest {
  std::string host;
  std::uint32_t size = 0;
  std::uint64_t before = 0;
};

// `parent` is what Queries::FindParent() made of its name.
absl::StatusOr<PageRequest> ParseRequest(const std::string& list,
                                         const std::string& name,
                                         absl::StatusOr<std::string> parent,
                                         std::int32_t page_size,
                                         const std::string& page_token) {
  PageRequest request;
  LB_ASSIGN_OR_RETURN(request.host, std::move(parent));
  LB_ASSIGN_OR_RETURN(request.size, ParsePageSize(page_size));
  LB_ASSIGN_OR_RETURN(request.before, ParseNumberToken(page_token, list, name));
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

// What the store is asked for, one row more than the page.
struct LoadsPage {
  std::string list;  // with its parent and times, as its tokens name it
  SamplePage rows;
};

std::string LoadsBetween(const LoadsRequest& request) {
  const auto text = [](std::optional<WallTime> time) {
    return time ? absl::StrCat(time->time_since_epoch().count())
                : std::string("-");
  };
  return absl::StrCat(request.parent, " ", text(request.from), " ",
                      text(request.to));
}

absl::StatusOr<LoadsPage> ParseLoadsRequest(const std::string& kind,
                                            const LoadsRequest& request,
                                            const Fleet& fleet) {
  LoadsPage page;
  page.list = LoadsBetween(request);
  LB_ASSIGN_OR_RETURN(page.rows.host, ParseHostName(request.parent));
  if (!fleet.Knows(page.rows.host)) return NoSuchHost(page.rows.host);
  LB_ASSIGN_OR_RETURN(const std::uint32_t size,
                      ParsePageSize(request.page_size));
  page.rows.limit = size + 1;
  LB_ASSIGN_OR_RETURN(page.rows.after,
                      ParseNumberToken(request.page_token, kind, page.list));
  if (request.from && request.to && *request.from >= *request.to) {
    return absl::InvalidArgumentError("end_time must be after start_time");
  }
  page.rows.from = request.from.value_or(WallTime());
  page.rows.to = request.to.value_or(WallTime::max());
  return page;
}

// Calls with the page of what `item` is of each row.
template <class Stored, class Item>
Store::Callback<std::vector<Stored>> ToPage(
    std::string kind, const LoadsPage& asked, Item Stored::*item,
    Store::Callback<Page<Item>> callback) {
  return [kind = std::move(kind), list = asked.list,
          size = asked.rows.limit - 1, item, callback = std::move(callback)](
             absl::StatusOr<std::vector<Stored>> stored) mutable {
    if (!stored.ok()) {
      std::move(callback)(stored.status());
      return;
    }
    auto rows = MakePage(*std::move(stored), size, kind, list,
                         [](const Stored& row) { return row.row; });
    Page<Item> page;
    page.next_page_token = std::move(rows.next_page_token);
    for (Stored& row : rows.items) {
      page.items.push_back(std::move(row.*item));
    }
    std::move(callback)(std::move(page));
  };
}

}  // namespace

ControllerStatus Queries::GetStatus() const {
  return StatusOf(fleet_, store_, journal_, start_time_);
}

absl::StatusOr<Page<HostView>> Queries::ListHosts(std::int32_t page_size,
                                                  const std::string& page_token,
                                                  const std::string& selector) {
  LB_ASSIGN_OR_RETURN(const LabelSelector selected,
                      LabelSelector::Parse(selector));
  LB_ASSIGN_OR_RETURN(const std::uint32_t size, ParsePageSize(page_size));
  LB_ASSIGN_OR_RETURN(const std::string after,
                      ParsePageToken(page_token, "hosts", selector));
  Page<HostView> page;
  page.revision = journal_.event_revision();
  const auto& hosts = fleet_.hosts();
  for (auto it = hosts.upper_bound(after); it != hosts.end(); ++it) {
    if (!selected.Matches(it->second->record.labels)) continue;
    if (page.items.size() == size) {
      page.next_page_token =
          MakePageToken("hosts", selector, page.items.back().record.host);
      break;
    }
    page.items.push_back(
        SummaryOf(*it->second, fleet_.policy(), fleet_.pause()));
  }
  return page;
}

absl::StatusOr<const Host*> Queries::FindHost(const std::string& name) const {
  LB_ASSIGN_OR_RETURN(const std::string host, ParseHostName(name));
  const auto it = fleet_.hosts().find(host);
  if (it == fleet_.hosts().end()) return NoSuchHost(host);
  return it->second.get();
}

absl::StatusOr<std::string> Queries::FindParent(
    const std::string& parent) const {
  LB_ASSIGN_OR_RETURN(std::string host, ParseParent(parent));
  if (!host.empty() && !fleet_.Knows(host)) return NoSuchHost(host);
  return host;
}

absl::StatusOr<HostView> Queries::GetHost(const std::string& name) {
  LB_ASSIGN_OR_RETURN(const Host* const host, FindHost(name));
  return ViewOf(*host, fleet_.policy(), fleet_.pause());
}

void Queries::ListPlans(const std::string& parent, std::int32_t page_size,
                        const std::string& page_token,
                        Store::Callback<Page<PlanRecord>> callback) {
  const auto request =
      ParseRequest("plans", parent, FindParent(parent), page_size, page_token);
  if (!request.ok()) {
    std::move(callback)(request.status());
    return;
  }
  store_.ListPlans(
      {request->host, request->before, request->size + 1},
      [parent, size = request->size, revision = journal_.event_revision(),
       callback = std::move(callback)](
          absl::StatusOr<std::vector<PlanRecord>> plans) mutable {
        if (!plans.ok()) {
          std::move(callback)(plans.status());
          return;
        }
        Page<PlanRecord> page =
            MakePage(*std::move(plans), size, "plans", parent,
                     [](const PlanRecord& plan) { return plan.id; });
        page.revision = revision;
        std::move(callback)(std::move(page));
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
  const auto request =
      ParseRequest("events", parent, FindParent(parent), page_size, page_token);
  if (!request.ok()) {
    std::move(callback)(request.status());
    return;
  }
  store_.ListEvents(
      {request->host, request->before, request->size + 1},
      [parent, size = request->size, revision = journal_.event_revision(),
       callback = std::move(callback)](
          absl::StatusOr<std::vector<Event>> events) mutable {
        if (!events.ok()) {
          std::move(callback)(events.status());
          return;
        }
        Page<Event> page =
            MakePage(*std::move(events), size, "events", parent,
                     [](const Event& event) { return event.revision; });
        page.revision = revision;
        std::move(callback)(std::move(page));
      });
}

template <class Record>
Store::Callback<Record> Queries::WithPolicy(Store::Callback<Verdict> callback) {
  return [this, callback = std::move(callback)](
             absl::StatusOr<Record> record) mutable {
    if (!record.ok()) {
      std::move(callback)(record.status());
      return;
    }
    const std::uint64_t revision = record->policy_revision;
    if (revision == 0) {
      std::move(callback)(Verdict{*std::move(record), PolicyRecord()});
      return;
    }
    store_.GetPolicy(
        revision, [record = *std::move(record), callback = std::move(callback)](
                      absl::StatusOr<PolicyRecord> policy) mutable {
          if (policy.ok()) {
            std::move(callback)(Verdict{std::move(record), *policy});
          } else {
            std::move(callback)(policy.status());
          }
        });
  };
}

void Queries::FindVerdict(const std::string& name,
                          Store::Callback<Verdict> callback) {
  const auto resource = ParseVerdictName(name);
  if (!resource.ok()) {
    std::move(callback)(resource.status());
  } else if (const auto* decision = std::get_if<DecisionResource>(&*resource)) {
    store_.GetDecision(decision->host, decision->revision,
                       WithPolicy<DecisionRecord>(std::move(callback)));
  } else {
    GetPlan(name, WithPolicy<PlanRecord>(std::move(callback)));
  }
}

void Queries::ExplainPlan(const std::string& name,
                          Store::Callback<Explanation> callback) {
  FindVerdict(name, [callback = std::move(callback)](
                        absl::StatusOr<Verdict> verdict) mutable {
    if (!verdict.ok()) {
      std::move(callback)(verdict.status());
    } else if (auto* plan = std::get_if<PlanRecord>(&verdict->record)) {
      std::move(callback)(
          controller::ExplainPlan(std::move(*plan), verdict->policy));
    } else {
      std::move(callback)(ExplainDecision(
          std::get<DecisionRecord>(verdict->record), verdict->policy));
    }
  });
}

void Queries::ReplayPlan(const std::string& name,
                         Store::Callback<Replay> callback) {
  FindVerdict(name, [callback = std::move(callback)](
                        absl::StatusOr<Verdict> verdict) mutable {
    if (!verdict.ok()) {
      std::move(callback)(verdict.status());
    } else if (const auto* plan = std::get_if<PlanRecord>(&verdict->record)) {
      std::move(callback)(controller::ReplayPlan(*plan));
    } else {
      std::move(callback)(ReplayDecision(
          std::get<DecisionRecord>(verdict->record), verdict->policy.policy));
    }
  });
}

void Queries::Backtest(
    const std::string& parent, WallTime from, std::optional<WallTime> to,
    const std::function<absl::Status(balance::Policy& policy)>& patch,
    Store::Callback<BacktestResult> callback) {
  const auto host = FindHost(parent);
  if (!host.ok()) {
    std::move(callback)(host.status());
    return;
  }
  const HostRecord& record = (*host)->record;
  const WallTime now = clock_.Wall();
  BacktestRequest request{record.host, from, to.value_or(now),
                          record.policy.value_or(fleet_.policy()).policy};
  absl::Status status = patch(request.policy);
  if (status.ok()) status = ValidateBacktest(request, now);
  if (status.ok() && backtest_under_way_) {
    status = absl::ResourceExhaustedError(
        "another backtest is under way; try again when it is done");
  }
  if (!status.ok()) {
    std::move(callback)(std::move(status));
    return;
  }
  backtest_under_way_ = true;
  BacktestRun::Start(store_, loop_, clock_, std::move(request), record.layout,
                     record.table,
                     [this, callback = std::move(callback)](
                         absl::StatusOr<BacktestResult> result) mutable {
                       backtest_under_way_ = false;
                       std::move(callback)(std::move(result));
                     });
}

void Queries::ListAudit(std::int32_t page_size, const std::string& page_token,
                        Store::Callback<Page<AuditRecord>> callback) {
  const auto size = ParsePageSize(page_size);
  const auto before = ParseNumberToken(page_token, "audit", "");
  if (!size.ok() || !before.ok()) {
    std::move(callback)(size.ok() ? before.status() : size.status());
    return;
  }
  store_.ListAudit(
      *before, *size + 1,
      [size = *size, callback = std::move(callback)](
          absl::StatusOr<std::vector<AuditRecord>> records) mutable {
        if (!records.ok()) {
          std::move(callback)(records.status());
          return;
        }
        std::move(callback)(MakePage(
            *std::move(records), size, "audit", "",
            [](const AuditRecord& record) { return record.sequence; }));
      });
}

void Queries::VerifyAudit(std::optional<AuditHead> outside,
                          Store::Callback<VerifiedAudit> callback) {
  CheckAudit(store_, outside, std::move(callback));
}

void Queries::ListLoads(const LoadsRequest& request,
                        Store::Callback<Page<ProcessorSample>> callback) {
  const std::string kind = "loads";
  const auto page = ParseLoadsRequest(kind, request, fleet_);
  if (!page.ok()) {
    std::move(callback)(page.status());
    return;
  }
  store_.ListProcessorSamples(
      page->rows,
      ToPage(kind, *page, &StoredProcessorSample::sample, std::move(callback)));
}

void Queries::ListRollUps(RollUpPeriod period, const LoadsRequest& request,
                          Store::Callback<Page<LoadRollUp>> callback) {
  const std::string kind =
      period == RollUpPeriod::kMinute ? "minutes" : "hours";
  const auto page = ParseLoadsRequest(kind, request, fleet_);
  if (!page.ok()) {
    std::move(callback)(page.status());
    return;
  }
  store_.ListRollUps(
      period, page->rows,
      ToPage(kind, *page, &StoredRollUp::roll_up, std::move(callback)));
}

}  // namespace lb::controller
