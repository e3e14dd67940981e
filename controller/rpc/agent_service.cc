#include "controller/rpc/agent_service.h"

#include <memory>
#include <utility>

#include "controller/rpc/convert_agent.h"
#include "controller/rpc/status_map.h"
#include "controller/rpc/stream_writer.h"

namespace lb::controller {
namespace {

using Reactor =
    grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>;

// What stays of a stream for as long as anybody knows it.
class StreamLink final : public AgentLink {
 public:
  explicit StreamLink(Reactor* reactor) : writer(reactor) {}

  void SendWelcome(const Welcome& welcome) override {
    writer.Write(ResponseOf(welcome));
  }
  void SendPlan(const PlanCommand& command) override {
    writer.Write(ResponseOf(command));
  }
  void SendPlanResultAck(Term term, Epoch epoch) override {
    writer.Write(AckOf(term, epoch));
  }
  void SendPolicy(const PolicyRecord& policy) override {
    writer.Write(ResponseOf(policy));
  }
  void SendGoAway(const GoAway& go_away) override {
    writer.Write(ResponseOf(go_away));
  }
  void Close(absl::Status status) override { writer.Finish(ToGrpc(status)); }

  StreamWriter<Reactor, v1::ConnectResponse> writer;
  SessionId session = 0;  // the loop's; 0 before the hello and if refused
};

// Acts on a message of the stream. On the loop's thread.
class Dispatch {
 public:
  Dispatch(Fleet& fleet, const std::shared_ptr<StreamLink>& link)
      : fleet_(fleet), link_(link) {}

  void operator()(const Hello& hello) const {
    if (link_->session != 0) {
      link_->Close(absl::InvalidArgumentError("a stream has one hello"));
      return;
    }
    link_->session = fleet_.Open(link_, hello);
  }
  void operator()(const Report& report) const {
    if (AfterHello()) fleet_.OnReport(link_->session, report);
  }
  void operator()(const PlanResult& result) const {
    if (AfterHello()) fleet_.OnPlanResult(link_->session, result);
  }
  void operator()(const TableChanged& changed) const {
    if (AfterHello()) fleet_.OnTableChanged(link_->session, changed);
  }
  void operator()(const AgentEvent& event) const {
    if (AfterHello()) fleet_.OnAgentEvent(link_->session, event);
  }

 private:
  bool AfterHello() const {
    if (link_->session != 0) return true;
    // After a refused hello the stream has its status already.
    link_->Close(absl::InvalidArgumentError("a stream begins with a hello"));
    return false;
  }

  Fleet& fleet_;
  const std::shared_ptr<StreamLink>& link_;
};

class AgentStream final : public Reactor {
 public:
  explicit AgentStream(const CoreAccess& core)
      : core_(core), link_(std::make_shared<StreamLink>(this)) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      link_->writer.Finish(grpc::Status::OK);
      return;
    }
    absl::StatusOr<AgentMessage> message = AgentMessageFrom(request_);
    if (!message.ok()) {
      link_->Close(message.status());
      return;
    }
    // The next message is read once this one was acted on, so a stream holds
    // one at a time and the kernel pushes back on who sends too fast.
    core_.loop.Post([this, &fleet = core_.fleet, link = link_,
                     message = *std::move(message)] {
      std::visit(Dispatch(fleet, link), message);
      link->writer.IfOpen(
          [this](Reactor& reactor) { reactor.StartRead(&request_); });
    });
  }

  void OnWriteDone(bool ok) override { link_->writer.OnWriteDone(ok); }

  void OnCancel() override { link_->writer.Abandon(grpc::Status::CANCELLED); }

  void OnDone() override {
    link_->writer.Detach();
    core_.loop.Post([&fleet = core_.fleet, link = link_] {
      fleet.OnClosed(link->session);
    });
    delete this;
  }

 private:
  const CoreAccess core_;
  const std::shared_ptr<StreamLink> link_;
  v1::ConnectRequest request_;
};

}  // namespace

grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>*
AgentService::Connect(grpc::CallbackServerContext* /*context*/) {
  return new AgentStream(core_);
}

}  // namespace lb::controller
