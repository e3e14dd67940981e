#include "controller/rpc/agent_service.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"
#include "controller/rpc/convert_agent.h"
#include "controller/rpc/status_map.h"
#include "controller/rpc/stream_writer.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/wire_format_lite.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/support/byte_buffer.h"

namespace lb::controller {
namespace {

// How long a stream may be silent before its hello.
constexpr std::chrono::seconds kHelloTime{10};

// Reports that may have been made out and wait for the loop. Each is three
// times as large as its message, and the sooner it is acted on the more of it
// is still in a cache.
constexpr std::size_t kMostMadeOut = 256;

// What messages are parsed in; larger ones take more from the heap.
constexpr std::size_t kParseBytes = 128 << 10;

using Reactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

// Thousands of streams take turns, so all that a thread parses is parsed in the
// same memory. Leaves `bytes` empty.
absl::StatusOr<AgentMessage> MessageIn(grpc::ByteBuffer& bytes) {
  static thread_local std::vector<char> memory(kParseBytes);
  google::protobuf::ArenaOptions options;
  options.initial_block = memory.data();
  options.initial_block_size = memory.size();
  google::protobuf::Arena arena(options);
  auto* request =
      google::protobuf::Arena::CreateMessage<v1::ConnectRequest>(&arena);
  const grpc::Status parsed =
      grpc::SerializationTraits<v1::ConnectRequest>::Deserialize(&bytes,
                                                                 request);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        "the stream has bytes that are not a ConnectRequest");
  }
  return AgentMessageFrom(*request);
}

// By the first tag.
bool IsReport(const grpc::ByteBuffer& bytes) {
  using google::protobuf::internal::WireFormatLite;
  constexpr std::uint32_t kTag =
      WireFormatLite::MakeTag(v1::ConnectRequest::kReportFieldNumber,
                              WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  static_assert(kTag < 0x80);
  std::vector<grpc::Slice> slices;
  return bytes.Dump(&slices).ok() && !slices.empty() &&
         slices.front().size() != 0 && *slices.front().begin() == kTag;
}

// Reports wait for everything else.
void PostTo(EventLoop& loop, bool report, Task task) {
  if (report) {
    loop.PostBulk(std::move(task));
  } else {
    loop.Post(std::move(task));
  }
}

grpc::ByteBuffer BytesOf(const v1::ConnectResponse& response) {
  grpc::ByteBuffer bytes;
  bool own_buffer = false;
  const grpc::Status made =
      grpc::SerializationTraits<v1::ConnectResponse>::Serialize(
          response, &bytes, &own_buffer);
  if (!made.ok()) {
    spdlog::error("an answer cannot be sent: {}", made.error_message());
  }
  return bytes;
}

// Of a status that a stream ends with: something the agent said was refused.
bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status) ||
         absl::IsFailedPrecondition(status) ||
         absl::IsResourceExhausted(status);
}

// What stays of a stream for as long as anybody knows it.
class StreamLink final : public AgentLink {
 public:
  StreamLink(Reactor* reactor, Entrance& entrance)
      : writer(reactor), entrance_(entrance) {}

  void SendWelcome(const Welcome& welcome) override {
    Write(ResponseOf(welcome));
  }
  void SendPlan(const PlanCommand& command) override {
    Write(ResponseOf(command));
  }
  void SendPlanResultAck(Term term, Epoch epoch) override {
    Write(AckOf(term, epoch));
  }
  void SendPolicy(const PolicyRecord& policy) override {
    Write(ResponseOf(policy));
  }
  void SendDrain(const Drain& drain) override { Write(ResponseOf(drain)); }
  void SendQuery(const Query& query) override { Write(ResponseOf(query)); }
  void SendGoAway(const GoAway& go_away) override {
    Write(ResponseOf(go_away));
  }
  void Close(absl::Status status) override {
    if (writer.Finish(ToGrpc(status)) && IsRefusal(status)) {
      entrance_.Refused(status);
    }
  }

  // Unless the stream is ending.
  void ReadNext() {
    writer.IfOpen([this](Reactor& reactor) { reactor.StartRead(&bytes); });
  }

  StreamWriter<Reactor, grpc::ByteBuffer> writer;
  grpc::ByteBuffer bytes;  // gRPC's while it reads, then the intake's
  Identity agent;          // as the listener knows it
  SessionId session = 0;   // the loop's; 0 before the hello and if refused

 private:
  void Write(const v1::ConnectResponse& response) {
    writer.Write(BytesOf(response));
  }

  Entrance& entrance_;
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

// The way of a message: made out by the intake, acted on by the loop. The next
// one of the stream is read after that: so order is kept, a stream holds one at
// a time, and the kernel pushes back on who sends too fast.
void SendOnItsWay(Entrance& entrance, std::shared_ptr<StreamLink> link) {
  const bool report = IsReport(link->bytes);
  PostTo(entrance.intake(), report,
         [&entrance, link = std::move(link), report]() mutable {
           if (report) entrance.core().loop.WaitForRoom(kMostMadeOut);
           absl::StatusOr<AgentMessage> message = MessageIn(link->bytes);
           PostTo(entrance.core().loop, report,
                  [&entrance, link = std::move(link),
                   message = std::move(message)]() mutable {
                    if (!message.ok()) {
                      link->Close(message.status());
                      return;
                    }
                    std::visit(Dispatch(entrance, link), *std::move(message));
                    link->ReadNext();
                  });
         });
}

class AgentStream final : public Reactor {
 public:
  AgentStream(Entrance& entrance, const grpc::ServerContextBase& context)
      : entrance_(entrance),
        link_(std::make_shared<StreamLink>(this, entrance)) {
    const absl::Status begun = Begin(context);
    if (begun.ok()) {
      link_->ReadNext();
    } else {
      link_->Close(begun);
    }
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      link_->writer.Finish(grpc::Status::OK);
      return;
    }
    SendOnItsWay(entrance_, link_);
  }

  void OnWriteDone(bool ok) override { link_->writer.OnWriteDone(ok); }

  void OnCancel() override { link_->writer.Abandon(grpc::Status::CANCELLED); }

  void OnDone() override {
    link_->writer.Detach();
    // After what was read.
    entrance_.intake().Post([&entrance = entrance_, link = link_] {
      entrance.core().loop.Post([&fleet = entrance.core().fleet, link] {
        fleet.OnClosed(link->session);
      });
    });
    delete this;
  }

 private:
  absl::Status Begin(const grpc::ServerContextBase& context) {
    LB_ASSIGN_OR_RETURN(
        const Admission admission,
        entrance_.Authorize(context, v1::ConnectRequest::default_instance()));
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
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
AgentService::Connect(grpc::CallbackServerContext* context) {
  return new AgentStream(entrance_, *context);
}

}  // namespace lb::controller
