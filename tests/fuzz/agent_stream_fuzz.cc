// Any bytes as what agents say on their streams, while time passes, operators
// act and the store fails: every host keeps a table that fits it, what is
// refused changes nothing, and no plan breaks its rules.
//
// The input is a sequence of steps: a byte for what happens (Step), and then
// what that takes. A message is a ConnectRequest, with its length in two bytes
// before it, the lower one first.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "controller/rpc/convert_agent.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {
namespace {

// Their numbers are in the corpus.
enum class Step : std::uint8_t {
  kSay,       // a message
  kSayRight,  // a message; what nobody can guess of it is put right
  kSayAgain,  // the last message
  kReport,    // what an agent could have measured; a byte: how uneven
  kAnswer,    // to the last plan; a byte: how many moves were made, 255: none
  kComeBack,  // with the last hello, brought up to now
  kTwin,      // the last hello on the next stream, of another instance
  kLeave,     // the stream ends
  kStream,    // a byte: whose turn it is from now on
  kPass,      // a byte: so many tenths of a second
  kHold,      // the store, and so on
  kRelease,
  kFail,
  kHeal,
  kOperate,  // a byte: which command; a byte: of which number
  kRestart,  // of the controller
  kCount,
};

void Require(bool promise) {
  if (!promise) std::abort();
}

class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : left_(bytes) {}

  bool empty() const { return left_.empty(); }
  // 0 when nothing is left.
  std::uint8_t Byte() {
    if (left_.empty()) return 0;
    const std::uint8_t byte = left_.front();
    left_ = left_.subspan(1);
    return byte;
  }
  std::span<const std::uint8_t> Message() {
    std::size_t size = Byte();
    size += std::size_t{256} * Byte();
    const auto message = left_.first(std::min(size, left_.size()));
    left_ = left_.subspan(message.size());
    return message;
  }

 private:
  std::span<const std::uint8_t> left_;
};

// An agent's end of a stream, where the controller's rules are held against
// what it says. `before` is the one that the agent had last.
class Link final : public AgentLink {
 public:
  Link(ControllerHarness& harness, Hello hello, const Link* before)
      : harness_(harness), hello_(std::move(hello)) {
    if (before != nullptr && before->hello_.host == hello_.host) {
      plan_ = before->plan_;
    }
  }

  void SendWelcome(const Welcome&) override {
    Require(!std::exchange(welcomed_, true));
  }
  void SendPlan(const PlanCommand& command) override {
    if (closed_) return;
    CheckPlan(command.plan);
    plan_ = command;
  }
  void SendPlanResultAck(Term, Epoch) override { CheckSaid(); }
  void SendPolicy(const PolicyRecord&) override { CheckSaid(); }
  void SendDrain(const Drain&) override {
    CheckSaid();
    Require(HasFeature(kDrainFeature));
  }
  void SendQuery(const Query&) override {
    CheckSaid();
    Require(HasFeature(kQueryFeature));
  }
  void SendGoAway(const GoAway&) override { CheckSaid(); }
  void Close(absl::Status status) override {
    if (!closed_) closed_ = std::move(status);
  }

  const Hello& hello() const { return hello_; }
  bool welcomed() const { return welcomed_; }
  const std::optional<absl::Status>& closed() const { return closed_; }
  // The last one of the host that the agent got.
  const std::optional<PlanCommand>& plan() const { return plan_; }

 private:
  bool HasFeature(std::string_view feature) const {
    return std::find(hello_.features.begin(), hello_.features.end(), feature) !=
           hello_.features.end();
  }
  // The welcome comes first.
  void CheckSaid() const { Require(welcomed_ || closed_); }
  void CheckPlan(const Plan& plan) const {
    CheckSaid();
    const Host* host = harness_.core->fleet.FindHost(plan.host);
    Require(host != nullptr && host->connected() &&
            &host->session->link() == this && host->fenced.empty());
    Require(plan.base == host->digest &&
            ValidateTable(plan.table, host->record.layout).ok());
    Require(plan.term >= hello_.seen_term && plan.epoch > hello_.seen_epoch);
    // It rests on what the store has of the host.
    const HostRecord& stored_host = harness_.store.hosts().at(plan.host);
    Require(stored_host.table == host->record.table &&
            stored_host.layout == host->record.layout &&
            stored_host.instance_id == host->record.instance_id);
    Require(!plan_ || plan.epoch > plan_->plan.epoch);
    // Committed before it is sent.
    const auto& plans = harness_.store.plans();
    Require(std::any_of(plans.begin(), plans.end(), [&](const auto& stored) {
      return stored.host == plan.host && stored.epoch == plan.epoch &&
             stored.term == plan.term && stored.state == PlanState::kSent;
    }));
  }

  ControllerHarness& harness_;
  const Hello hello_;
  bool welcomed_ = false;
  std::optional<absl::Status> closed_;
  std::optional<PlanCommand> plan_;
};

// What is left of the last stream stays known, for whoever comes back.
struct Stream {
  std::shared_ptr<Link> link;
  SessionId session = 0;  // 0: refused, or over
  std::uint64_t sequence = 0;
};

// The host whose table a step may change.
struct Changing {
  std::string host;
  bool layout = false;
};

struct InForce {
  Layout layout;
  Table table;
};

balance::Policy EagerPolicy() {
  balance::Policy policy;
  policy.warm_up = std::chrono::milliseconds(0);
  return policy;
}

void CheckFlight(const Host& host, const MemoryStore& store) {
  const Flight& flight = host.flight;
  const std::uint64_t id = flight.plan.id;
  const bool stored = id > 0 && id <= store.plans().size();
  switch (flight.stage) {
    case Flight::Stage::kNone:
      Require(flight.plan.epoch == Epoch() && !flight.outcome);
      break;
    case Flight::Stage::kCommitting:
      Require(!flight.outcome);
      break;
    case Flight::Stage::kSent:
      Require(stored && flight.plan.epoch != Epoch() && !flight.outcome);
      Require(IsOpen(store.plans()[id - 1].state));
      Require(host.connected() || flight.plan.state == PlanState::kUnknown);
      break;
    case Flight::Stage::kRecording:
      Require(stored && flight.plan.epoch != Epoch() && flight.outcome &&
              flight.outcome->update && flight.outcome->update->id == id);
      break;
  }
}

void CheckTable(const Host& host) {
  const Layout& layout = host.record.layout;
  Require(ValidateLayout(layout).ok());
  Require(ValidateTable(host.record.table, layout).ok());
  Require(host.digest == ComputeDigest(host.record.table));
  Require(host.load.has_value() || !host.connected());
  if (host.load) {
    Require(host.load->bucket_loads().size() == layout.buckets &&
            host.load->connections().size() == layout.buckets);
  }
  if (host.last_report) {
    Require(host.load &&
            host.last_report->processors.size() == layout.processors.size());
  }
}

class World {
 public:
  void Run(Input input) {
    while (!input.empty()) {
      const auto step = static_cast<Step>(
          input.Byte() % static_cast<std::uint8_t>(Step::kCount));
      changing_.reset();
      const std::map<std::string, InForce> before = Known();
      Take(step, input);
      harness_.Run();
      // A controller that starts anew knows what was kept.
      if (step != Step::kRestart) CheckChanges(before);
      for (const auto& [name, host] : fleet().hosts()) CheckHost(*host);
      for (const Stream& stream : streams_) CheckStream(stream);
      CheckTransitions();
    }
  }

 private:
  Fleet& fleet() { return harness_.core->fleet; }
  Stream& now() { return streams_[turn_]; }
  // That the stream whose turn it is speaks, or spoke, for.
  const Host* host() {
    return now().link ? fleet().FindHost(now().link->hello().host) : nullptr;
  }

  void Take(Step step, Input& input) {
    switch (step) {
      case Step::kSay:
      case Step::kSayRight:
        SayBytes(input.Message(), step == Step::kSayRight);
        break;
      case Step::kSayAgain:
        if (last_) Say(*last_);
        break;
      case Step::kReport:
        Measure(input.Byte());
        break;
      case Step::kAnswer:
        Answer(input.Byte());
        break;
      case Step::kComeBack:
        ComeBack();
        break;
      case Step::kTwin:
        Twin();
        break;
      case Step::kLeave:
        Leave(now());
        break;
      case Step::kStream:
        turn_ = input.Byte() % streams_.size();
        break;
      case Step::kPass:
        harness_.Advance(std::chrono::milliseconds(100) * input.Byte());
        break;
      case Step::kHold:
        harness_.store.Hold();
        break;
      case Step::kRelease:
        harness_.store.Release();
        break;
      case Step::kFail:
        harness_.store.FailCommits(absl::UnavailableError("disk full"));
        break;
      case Step::kHeal:
        harness_.store.Heal();
        break;
      case Step::kOperate: {
        const std::uint8_t command = input.Byte();
        Operate(command, input.Byte());
        break;
      }
      case Step::kRestart:
        for (Stream& stream : streams_) stream.session = 0;
        harness_.Restart();
        break;
      case Step::kCount:
        break;
    }
  }

  // As the service does it: who says what cannot be is left.
  void SayBytes(std::span<const std::uint8_t> bytes, bool right) {
    v1::ConnectRequest request;
    absl::StatusOr<AgentMessage> message = absl::InvalidArgumentError("");
    if (request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      message = AgentMessageFrom(request);
    }
    if (!message.ok()) {
      Require(absl::IsInvalidArgument(message.status()));
      Leave(now());
      return;
    }
    if (right) {
      std::visit([this](auto& one) { PutRight(one); }, *message);
    }
    Say(*std::move(message));
  }

  // What a stranger cannot know: digests, numbers and times.
  void PutRight(Hello& hello) { hello.digest = ComputeDigest(hello.table); }
  void PutRight(TableChanged& changed) {
    changed.digest = ComputeDigest(changed.table);
  }
  void PutRight(Report& report) {
    LoadSample& load = report.load;
    const std::chrono::nanoseconds time = Time();
    const auto length =
        std::clamp(load.end - load.start, std::chrono::nanoseconds(1), time);
    load.start = time - length;
    load.end = time;
    report.sequence = now().sequence + 1;
    if (host() != nullptr) load.table_start = load.table_end = host()->digest;
  }
  // An answer to the plan in flight, with the digest of what it says was made.
  void PutRight(PlanResult& result) {
    if (host() == nullptr) return;
    result.term = host()->flight.plan.term;
    result.epoch = host()->flight.plan.epoch;
    Table table = host()->record.table;
    for (const MoveResult& move : result.moves) {
      const std::size_t bucket = move.move.bucket.index();
      if (move.outcome != MoveOutcome::kNotMoved && bucket < table.buckets()) {
        table.owner[bucket] = move.move.to;
      }
    }
    result.digest = ComputeDigest(table);
  }
  void PutRight(AgentEvent&) {}
  void PutRight(controller::Answer&) {}

  void Say(AgentMessage message) {
    last_ = message;
    std::visit([this](auto& one) { On(std::move(one)); }, message);
  }

  void On(Hello hello) {
    Stream& stream = now();
    Leave(stream);  // a stream has one hello
    stream.link = std::make_shared<Link>(harness_, hello, stream.link.get());
    stream.sequence = 0;
    stream.session = fleet().Open(stream.link, hello);
    Require(stream.link->welcomed() == (stream.session != 0));
    Require(stream.session != 0 || stream.link->closed());
    if (stream.session != 0) changing_ = {hello.host, true};
  }
  void On(Report report) {
    now().sequence = std::max(now().sequence, report.sequence);
    harness_.Say(now().session, std::move(report));
  }
  void On(const PlanResult& result) { MayChange(result); }
  void On(const TableChanged& changed) { MayChange(changed); }
  void On(const AgentEvent& event) { harness_.Say(now().session, event); }
  void On(const controller::Answer& answer) {
    harness_.Say(now().session, answer);
  }

  // The table, unless nobody listens any more or it is refused.
  template <class Message>
  void MayChange(const Message& message) {
    const Stream& stream = now();
    const bool heard = host() != nullptr && host()->connected() &&
                       host()->session->id() == stream.session;
    const bool closed = stream.link && stream.link->closed();
    harness_.Say(stream.session, message);
    const bool refused = heard && !closed && stream.link->closed() &&
                         absl::IsInvalidArgument(*stream.link->closed());
    if (heard && !refused) changing_ = {stream.link->hello().host, false};
  }

  void Leave(Stream& stream) {
    fleet().OnClosed(std::exchange(stream.session, 0));
  }

  // The agent of a host as it is known.
  SimulatedHost AgentOf(const Host& known, double cpus, double share) const {
    const Layout& layout = known.record.layout;
    const auto processors =
        static_cast<std::uint32_t>(layout.processors.size());
    SimulatedHost agent(known.name(), processors,
                        SkewedLoads(layout.buckets, processors, cpus, share));
    agent.layout = layout;
    agent.table = known.record.table;
    agent.sequence = streams_[turn_].sequence;
    return agent;
  }

  void Measure(std::uint8_t uneven) {
    if (host() == nullptr) return;
    const double half =
        static_cast<double>(host()->record.layout.processors.size()) / 2;
    SimulatedHost agent = AgentOf(*host(), half, uneven / 255.0);
    Say(agent.MakeReport(Time(), std::chrono::seconds(1)));
  }

  void Answer(std::uint8_t moves) {
    if (host() == nullptr || !now().link->plan()) return;
    const PlanCommand& command = *now().link->plan();
    if (command.plan.table.buckets() != host()->record.table.buckets()) return;
    SimulatedHost agent = AgentOf(*host(), 0, 0);
    Say(moves == 255 ? agent.Reject(command, "no")
                     : agent.ApplyPartly(command, moves));
  }

  void ComeBack() {
    if (!now().link) return;
    Hello hello = now().link->hello();
    if (const Host* known = host()) {
      hello.layout = known->record.layout;
      hello.table = known->record.table;
      hello.digest = known->digest;
    }
    if (const std::optional<PlanCommand>& seen = now().link->plan()) {
      hello.store_id = seen->plan.store_id;
      hello.seen_term = seen->plan.term;
      hello.seen_epoch = seen->plan.epoch;
    }
    Say(std::move(hello));
  }

  void Twin() {
    if (!now().link) return;
    Hello hello = now().link->hello();
    hello.instance_id += "'";
    turn_ = (turn_ + 1) % streams_.size();
    Say(std::move(hello));
  }

  void Operate(std::uint8_t command, std::uint8_t number) {
    Call call;
    call.caller = {"user/alice", Role::kAdmin};
    Commands& commands = harness_.core->commands;
    const std::string name = absl::StrCat(
        "hosts/", now().link ? now().link->hello().host : std::string("a"));
    const std::string processor = absl::StrCat(name, "/processors/", number);
    const std::string bucket = absl::StrCat(name, "/buckets/", number);
    const auto ignore = [](const auto&) {};
    switch (command % 12) {
      case 0:
        commands.ProposePlan(call, name, {}, ignore);
        break;
      case 1:
        commands.ApplyPlan(call, absl::StrCat(name, "/proposals/", number),
                           ignore);
        break;
      case 2:
        commands.RollBackPlan(call, absl::StrCat(name, "/plans/", number),
                              ignore);
        break;
      case 3:
        commands.DrainProcessor(call, processor, ignore);
        break;
      case 4:
        commands.UndrainProcessor(call, processor, ignore);
        break;
      case 5:
        commands.PinBucket(call, bucket, ProcessorId(number), ignore);
        break;
      case 6:
        commands.UnpinBucket(call, bucket, ignore);
        break;
      case 7:
        commands.PauseBalance(call, name, ignore);
        break;
      case 8:
        commands.ResumeBalance(call, name, ignore);
        break;
      case 9:
        commands.ResumeBalance(call, "hosts/-", ignore);
        break;
      case 10:
        commands.ForgetHost(call, name, ignore);
        break;
      default:
        commands.Adopt(call, ignore);
    }
  }

  std::chrono::nanoseconds Time() const {
    return harness_.clock.Monotonic().time_since_epoch();
  }

  std::map<std::string, InForce> Known() {
    std::map<std::string, InForce> known;
    for (const auto& [name, host] : fleet().hosts()) {
      known[name] = {host->record.layout, host->record.table};
    }
    return known;
  }

  // Only what may change did.
  void CheckChanges(const std::map<std::string, InForce>& before) {
    for (const auto& [name, host] : fleet().hosts()) {
      const bool changing = changing_ && changing_->host == name;
      const auto known = before.find(name);
      Require(known != before.end() || (changing && changing_->layout));
      if (known == before.end()) continue;
      Require(host->record.layout == known->second.layout ||
              (changing && changing_->layout));
      Require(host->record.table == known->second.table || changing);
    }
  }

  void CheckHost(const Host& host) {
    CheckTable(host);
    CheckFlight(host, harness_.store);
    Require(harness_.core->queries.GetHost("hosts/" + host.name()).ok());
    if (!host.connected()) return;
    // By one stream, and that speaks for it.
    const auto speaks = [&](const Stream& stream) {
      return stream.session == host.session->id() &&
             stream.link.get() == &host.session->link() &&
             stream.link->hello().host == host.name() &&
             stream.link->hello().instance_id == host.record.instance_id;
    };
    Require(std::count_if(streams_.begin(), streams_.end(), speaks) == 1);
  }

  void CheckStream(const Stream& stream) {
    if (stream.session == 0 || stream.link->closed()) return;
    const Host* spoken_for = fleet().FindHost(stream.link->hello().host);
    Require(spoken_for != nullptr && spoken_for->connected() &&
            spoken_for->session->id() == stream.session);
  }

  void CheckTransitions() {
    const auto& transitions = harness_.store.transitions();
    for (; checked_transitions_ < transitions.size(); ++checked_transitions_) {
      const auto& [id, from, to] = transitions[checked_transitions_];
      Require(CanFollow(from, to) ||
              (from == PlanState::kUnknown && to == PlanState::kUnknown));
    }
  }

  ControllerHarness harness_{EagerPolicy()};
  std::array<Stream, 3> streams_;
  std::size_t turn_ = 0;
  std::optional<AgentMessage> last_;
  std::optional<Changing> changing_;
  std::size_t checked_transitions_ = 0;
};

}  // namespace
}  // namespace lb::controller

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  spdlog::set_level(spdlog::level::off);
  google::protobuf::SetLogHandler(nullptr);
  lb::controller::World().Run(lb::controller::Input({data, size}));
  return 0;
}
