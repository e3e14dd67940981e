#include "tests/cli/fake_api.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace lb::cli {
namespace {

// Copies one page of `items` and returns the next token.
template <class Item, class Out>
std::string Page(FakeApiData& data, const std::vector<Item>& items,
                 int page_size, const std::string& token, Out* out) {
  ++data.list_calls;
  data.page_sizes.push_back(page_size);
  const std::size_t begin = token.empty() ? 0 : std::stoul(token);
  const auto size = static_cast<std::size_t>(
      std::min(page_size == 0 ? 50 : page_size, data.page_limit));
  const std::size_t end = std::min(begin + size, items.size());
  for (std::size_t i = begin; i < end; ++i) *out->Add() = items[i];
  return end < items.size() ? std::to_string(end) : "";
}

class Hosts final : public v1::HostService::Service {
 public:
  explicit Hosts(FakeApiData& data) : data_(data) {}
  grpc::Status ListHosts(grpc::ServerContext*,
                         const v1::ListHostsRequest* request,
                         v1::ListHostsResponse* response) override {
    response->set_next_page_token(Page(data_, data_.hosts, request->page_size(),
                                       request->page_token(),
                                       response->mutable_hosts()));
    return grpc::Status::OK;
  }
  grpc::Status GetHost(grpc::ServerContext*, const v1::GetHostRequest* request,
                       v1::GetHostResponse* response) override {
    for (const v1::Host& host : data_.hosts) {
      if (host.name() == request->name()) {
        *response->mutable_host() = host;
        return grpc::Status::OK;
      }
    }
    return {grpc::StatusCode::NOT_FOUND, request->name() + " is not known"};
  }

 private:
  FakeApiData& data_;
};

class Plans final : public v1::PlanService::Service {
 public:
  explicit Plans(FakeApiData& data) : data_(data) {}
  grpc::Status ListPlans(grpc::ServerContext*,
                         const v1::ListPlansRequest* request,
                         v1::ListPlansResponse* response) override {
    data_.parents.push_back(request->parent());
    response->set_next_page_token(Page(data_, data_.plans, request->page_size(),
                                       request->page_token(),
                                       response->mutable_plans()));
    return grpc::Status::OK;
  }
  grpc::Status GetPlan(grpc::ServerContext*, const v1::GetPlanRequest* request,
                       v1::GetPlanResponse* response) override {
    for (const v1::Plan& plan : data_.plans) {
      if (plan.name() == request->name()) {
        *response->mutable_plan() = plan;
        return grpc::Status::OK;
      }
    }
    return {grpc::StatusCode::NOT_FOUND, request->name() + " is not known"};
  }

 private:
  FakeApiData& data_;
};

class Events final : public v1::EventService::Service {
 public:
  explicit Events(FakeApiData& data) : data_(data) {}
  grpc::Status ListEvents(grpc::ServerContext*,
                          const v1::ListEventsRequest* request,
                          v1::ListEventsResponse* response) override {
    data_.parents.push_back(request->parent());
    std::vector<v1::Event> events;
    for (const v1::Event& event : data_.events) {
      if (request->parent() == "hosts/-" ||
          request->parent() == "hosts/" + event.host()) {
        events.push_back(event);
      }
    }
    response->set_next_page_token(Page(data_, events, request->page_size(),
                                       request->page_token(),
                                       response->mutable_events()));
    return grpc::Status::OK;
  }
  grpc::Status WatchEvents(
      grpc::ServerContext*, const v1::WatchEventsRequest* request,
      grpc::ServerWriter<v1::WatchEventsResponse>* writer) override {
    data_.parents.push_back(request->parent());
    data_.watched_after = request->after_revision();
    v1::WatchEventsResponse synced;
    synced.set_synced_revision(request->after_revision());
    writer->Write(synced);
    for (const v1::Event& event : data_.watched) {
      if (event.revision() <= request->after_revision()) continue;
      v1::WatchEventsResponse response;
      *response.mutable_event() = event;
      writer->Write(response);
    }
    return data_.watch_end;
  }

 private:
  FakeApiData& data_;
};

}  // namespace

FakeApi::FakeApi(const std::string& address, FakeApiData& data) {
  services_.push_back(std::make_unique<Hosts>(data));
  services_.push_back(std::make_unique<Plans>(data));
  services_.push_back(std::make_unique<Events>(data));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  for (const auto& service : services_) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    std::fprintf(stderr, "cannot listen at %s\n", address.c_str());
    std::abort();
  }
}

FakeApi::~FakeApi() { server_->Shutdown(); }

}  // namespace lb::cli
