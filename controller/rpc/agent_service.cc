#include "controller/rpc/agent_service.h"

#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/rpc/convert_agent.h"
#include "controller/rpc/status_map.h"
#include "controller/rpc/stream_writer.h"

namespace lb::controller {
namespace {

// How long a stream may be silent before its hello.
constexpr std::chrono::seconds kHelloTime{10};

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
  void SendDrain(const Drain& drain) override {
    writer.Write(ResponseOf(drain));
  }
  void SendQuery(const Query& query) override {
    writer.Write(ResponseOf(query));
  }
  void SendGoAway(const GoAway& go_away) override {
    writer.Write(ResponseOf(go_away));
  }
  void Close(absl::Status status) override { writer.Finish(ToGrpc(status)); }

  StreamWriter<Reactor, v1::ConnectResponse> writer;
  Identity agent;         // as the listener knows it
  SessionId session = 0;  // the loop's; 0 before the hello and if refused
};

// Acts on a message of the stream. On the loop's thread.
class Dispatch {
 public:
  Dispatch(Entrance& entrance, const std::shared_ptr<StreamLink>& link)
      : entrance_(entrance), fleet_(entrance.core().fleet), link_(link) {}

  void operator()(const Hello& hello) const {
    if (link_->session != 0) {
      link_->Close(absl::InvalidArgumentError("a stream has one hello"));
      return;
    }
    const absl::Status its_own =
        entrance_.AuthorizeHost(link_->agent, hello.host);
    if (!its_own.ok()) {
      link_->Close(its_own);
      return;
    }
    link_->session = fleet_.Open(link_, hello);
  }
  void operator()(Report report) const {
    if (AfterHello()) fleet_.OnReport(link_->session, std::move(report));
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
  void operator()(const Answer& answer) const {
    if (AfterHello()) fleet_.OnAnswer(link_->session, answer);
  }

 private:
  bool AfterHello() const {
    if (link_->session != 0) return true;
    // After a refused hello the stream has its status already.
    link_->Close(absl::InvalidArgumentError("a stream begins with a hello"));
    return false;
  }

  Entrance& entrance_;
  Fleet& fleet_;
  const std::shared_ptr<StreamLink>& link_;
};

class AgentStream final : public Reactor {
 public:
  AgentStream(Entrance& entrance, const grpc::ServerContextBase& context)
      : entrance_(entrance), link_(std::make_shared<StreamLink>(this)) {
    const absl::Status begun = Begin(context);
    if (begun.ok()) {
      StartRead(&request_);
    } else {
      link_->Close(begun);
    }
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
    entrance_.core().loop.Post([this, &entrance = entrance_, link = link_,
                                message = *std::move(message)]() mutable {
      std::visit(Dispatch(entrance, link), std::move(message));
      link->writer.IfOpen(
          [this](Reactor& reactor) { reactor.StartRead(&request_); });
    });
  }

  void OnWriteDone(bool ok) override { link_->writer.OnWriteDone(ok); }

  void OnCancel() override { link_->writer.Abandon(grpc::Status::CANCELLED); }

  void OnDone() override {
    link_->writer.Detach();
    entrance_.core().loop.Post([&fleet = entrance_.core().fleet, link = link_] {
      fleet.OnClosed(link->session);
    });
    delete this;
  }

 private:
  absl::Status Begin(const grpc::ServerContextBase& context) {
    LB_ASSIGN_OR_RETURN(const Admission admission,
                        entrance_.Authorize(context, request_));
    LB_ASSIGN_OR_RETURN(
        place_, entrance_.WatchOver(admission, MethodOf<v1::ConnectRequest>(),
                                    [link = link_](const absl::Status& status) {
                                      link->Close(status);
                                    }));
    link_->agent = admission.identity;
    ExpectHello();
    return absl::OkStatus();
  }

  void ExpectHello() const {
    const CoreAccess& core = entrance_.core();
    core.loop.PostAt(
        core.clock.Monotonic() + kHelloTime,
        [link = std::weak_ptr<StreamLink>(link_)] {
          const std::shared_ptr<StreamLink> held = link.lock();
          if (held == nullptr || held->session != 0) return;
          held->Close(absl::DeadlineExceededError(absl::StrCat(
              "no hello within ", kHelloTime.count(), " s of the stream")));
        });
  }

  Entrance& entrance_;
  const std::shared_ptr<StreamLink> link_;
  std::unique_ptr<OpenStreams::Place> place_;
  v1::ConnectRequest request_;
};

}  // namespace

grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>*
AgentService::Connect(grpc::CallbackServerContext* context) {
  return new AgentStream(entrance_, *context);
}

}  // namespace lb::controller
