#include "tests/controller/plan_model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace lb::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kProcessors = 4;
constexpr std::uint32_t kBuckets = 64;

std::vector<std::uint64_t> Skewed() {
  return SkewedLoads(kBuckets, kProcessors, 2.0, 0.6);
}

}  // namespace

class PlanModel::Link final : public AgentLink {
 public:
  Link(PlanModel& model, ModelAgent& agent)
      : model_(model), agent_(agent), queue_(agent.incoming) {}

  void SendPlan(const PlanCommand& command) override {
    if (closed_) return;
    model_.CheckSent(agent_, command);
    queue_->push_back(command);
  }
  void SendPlanResultAck(Term term, Epoch epoch) override {
    if (closed_) return;
    model_.CheckAcknowledged(agent_, term, epoch);
    queue_->push_back(std::pair(term, epoch));
  }
  void Close(absl::Status) override {
    if (!closed_) queue_->push_back(Closed());
    closed_ = true;
  }
  void SendWelcome(const Welcome&) override {}
  void SendPolicy(const PolicyRecord&) override {}
  void SendDrain(const Drain&) override {}
  void SendQuery(const Query&) override {}
  void SendGoAway(const GoAway&) override {}

 private:
  PlanModel& model_;
  ModelAgent& agent_;
  const std::shared_ptr<std::deque<ToAgent>> queue_;
  bool closed_ = false;
};

PlanModel::PlanModel(std::uint64_t seed) : random_(seed) {
  for (const char* name : {"a", "b", "c"}) {
    agents_.emplace_back(SimulatedHost(name, kProcessors, Skewed()));
  }
  if (Chance(30)) {
    // Once followed another store.
    agents_[0].host.store_id = "store-b";
    agents_[0].seen_term = Term(1 + Draw(4));
    agents_[0].seen_epoch = Epoch(1 + Draw(20));
  }
}

void PlanModel::Connect(ModelAgent& agent) {
  if (agent.incoming) return;
  agent.incoming = std::make_shared<std::deque<ToAgent>>();
  agent.reported = false;
  agent.host.sequence = 0;
  agent.host.instance_id = absl::StrCat(agent.host.name, agent.instance);
  Hello hello = agent.host.MakeHello();
  hello.seen_term = agent.seen_term;
  hello.seen_epoch = agent.seen_epoch;
  hello.last_result = agent.unacknowledged;
  hello.features = {"drain"};
  agent.session =
      harness_.core->fleet.Open(std::make_shared<Link>(*this, agent), hello);
  harness_.Run();
}

void PlanModel::Lose(ModelAgent& agent) {
  if (!agent.incoming) return;
  agent.incoming.reset();
  harness_.core->fleet.OnClosed(agent.session);
  harness_.Run();
}

void PlanModel::Read(ModelAgent& agent, std::size_t messages) {
  for (; messages > 0 && agent.incoming && !agent.incoming->empty();
       --messages) {
    const ToAgent message = agent.incoming->front();
    agent.incoming->pop_front();
    std::visit([&](const auto& one) { On(agent, one); }, message);
  }
}

void PlanModel::On(ModelAgent& agent, const PlanCommand& command) {
  const Plan& plan = command.plan;
  SimulatedHost& host = agent.host;
  // What the agent refuses, and the controller must not have sent.
  EXPECT_EQ(plan.host, host.name);
  EXPECT_GE(plan.term, agent.seen_term);
  EXPECT_GT(plan.epoch, agent.seen_epoch) << host.name;
  if (!host.store_id.empty() && host.store_id != plan.store_id) {
    EXPECT_GT(plan.term, agent.seen_term) << "another store takes a host over";
  }
  EXPECT_TRUE(ValidateTable(plan.table, host.layout).ok());
  if (plan.base != ComputeDigest(host.table) || Chance(5)) {
    const PlanResult refused = host.Reject(command, "refused");
    if (!agent.unacknowledged) agent.unacknowledged = refused;
    Say(agent, refused);
    return;
  }
  agent.seen_term = plan.term;
  agent.seen_epoch = plan.epoch;
  EXPECT_TRUE(agent.applied.emplace(plan.term, plan.epoch).second)
      << "plan " << plan.epoch.value() << " twice";
  const PlanResult result = Carry(agent, command);
  ++applied_;
  if (Chance(10)) {
    // Killed before the result was durable.
    agent.unacknowledged.reset();
    RestartAgent(agent);
    return;
  }
  agent.unacknowledged = result;
  Say(agent, result);
  if (Chance(10)) Say(agent, result);
}

PlanResult PlanModel::Carry(ModelAgent& agent, const PlanCommand& command) {
  return Chance(15) ? agent.host.ApplyPartly(command, Draw(3))
                    : agent.host.Apply(command);
}

void PlanModel::On(ModelAgent& agent,
                   const std::pair<Term, Epoch>& acknowledged) {
  if (agent.unacknowledged &&
      std::pair(agent.unacknowledged->term, agent.unacknowledged->epoch) ==
          acknowledged) {
    agent.unacknowledged.reset();
  }
}

void PlanModel::On(ModelAgent& agent, const Closed&) { Lose(agent); }

void PlanModel::Say(ModelAgent& agent, const PlanResult& result) {
  if (!agent.incoming || Chance(5)) {
    Lose(agent);
    return;
  }
  const auto flying =
      harness_.core->fleet.FindHost(agent.host.name)->flight.plan;
  if (result.state == ApplyState::kRejected && flying.epoch == result.epoch &&
      flying.author == kBalancer) {
    rejected_[agent.host.name] = {flying.base, flying.digest,
                                  harness_.clock.Monotonic()};
  }
  harness_.core->fleet.OnPlanResult(agent.session, result);
  harness_.Run();
}

void PlanModel::Report(ModelAgent& agent) {
  if (!agent.incoming || agent.session == 0) return;
  agent.reported = true;
  harness_.core->fleet.OnReport(
      agent.session,
      agent.host.MakeReport(std::chrono::nanoseconds(
                                harness_.clock.Monotonic().time_since_epoch()),
                            seconds(1)));
  harness_.Run();
}

void PlanModel::Takeover(ModelAgent& agent) {
  const std::size_t bucket = Draw(kBuckets);
  agent.host.table.owner[bucket] =
      ProcessorId(static_cast<std::uint16_t>(Draw(kProcessors)));
  if (!agent.incoming) return;
  harness_.core->fleet.OnTableChanged(
      agent.session,
      {agent.host.table, ComputeDigest(agent.host.table), "takeover"});
  harness_.Run();
}

void PlanModel::RestartAgent(ModelAgent& agent) {
  Lose(agent);
  ++agent.instance;
}

void PlanModel::RestartController() {
  // What was under way is durable, or not; nobody is told.
  harness_.store.ReleaseFirst(Draw(4));
  for (ModelAgent& agent : agents_) agent.incoming.reset();
  harness_.store.Heal();
  rejected_.clear();
  harness_.Restart();
}

void PlanModel::PutBackStore() {
  if (!copy_) return;
  for (ModelAgent& agent : agents_) agent.incoming.reset();
  harness_.store.Heal();
  harness_.store.Restart();
  harness_.store.PutBack(*copy_);
  rejected_.clear();
  sent_.clear();
  for (const PlanRecord& plan : harness_.store.plans()) {
    sent_[plan.host] = std::max(sent_[plan.host], plan.epoch);
  }
  harness_.Restart();
}

void PlanModel::Trouble() {
  switch (Draw(8)) {
    case 0:
      harness_.store.FailCommits(absl::UnavailableError("disk full"));
      break;
    case 1:
    case 2:
      harness_.store.Heal();
      break;
    case 3:
      harness_.store.Hold();
      break;
    case 4:
    case 5:
      harness_.store.Release();
      break;
    case 6:
      if (Chance(30)) copy_ = harness_.store.Save();
      break;
    default:
      if (Chance(15)) PutBackStore();
  }
  harness_.Run();
}

void PlanModel::Command() {
  Call call;
  call.caller = {"user/alice", Role::kAdmin};
  call.method = absl::StrCat("method/", Draw(3));
  call.request_hash = std::string(32, static_cast<char>('a' + Draw(3)));
  if (Chance(50)) call.request_id = absl::StrCat("id-", requests_ - Draw(3));
  ++requests_;
  Commands& commands = harness_.core->commands;
  const std::string host = "hosts/" + AnyAgent().host.name;
  const std::string processor =
      absl::StrCat(host, "/processors/", Draw(kProcessors));
  const std::string bucket = absl::StrCat(host, "/buckets/", Draw(kBuckets));
  const auto ignore = [](const auto&) {};
  switch (Draw(10)) {
    case 0:
      commands.DrainProcessor(call, processor, ignore);
      break;
    case 1:
    case 2:
      commands.UndrainProcessor(call, processor, ignore);
      break;
    case 3:
      commands.PinBucket(
          call, bucket,
          ProcessorId(static_cast<std::uint16_t>(Draw(kProcessors))), ignore);
      break;
    case 4:
      commands.UnpinBucket(call, bucket, ignore);
      break;
    case 5:
      commands.PauseBalance(call, Chance(20) ? "hosts/-" : host, ignore);
      break;
    case 6:
      commands.ResumeBalance(call, Chance(60) ? "hosts/-" : host, ignore);
      break;
    case 7:
      commands.ForgetHost(call, host, ignore);
      break;
    case 8:
      commands.Adopt(call, [this](const absl::StatusOr<Changed<Term>>& term) {
        if (term.ok()) ++adoptions_;
      });
      break;
    default:
      CommandPlan(call, host);
  }
  harness_.Run();
}

void PlanModel::CommandPlan(const Call& call, const std::string& host) {
  Commands& commands = harness_.core->commands;
  const auto ignore = [](const auto&) {};
  const std::uint64_t ids = harness_.store.plans().size() + 1;
  switch (Draw(4)) {
    case 0:
      commands.ProposePlan(call, host, {}, ignore);
      break;
    case 1:
      commands.RollBackPlan(call, absl::StrCat(host, "/plans/", 1 + Draw(ids)),
                            ignore);
      break;
    default:
      commands.ApplyPlan(
          call,
          absl::StrCat(host, "/proposals/",
                       ids - Draw(std::min<std::uint64_t>(ids, 3))),
          ignore);
  }
}

void PlanModel::Step() {
  ModelAgent& agent = AnyAgent();
  switch (Draw(20)) {
    case 0:
      Lose(agent);
      break;
    case 1:
      if (Chance(30)) RestartAgent(agent);
      break;
    case 2:
      if (Chance(30)) RestartController();
      break;
    case 3:
      if (Chance(30)) Takeover(agent);
      break;
    case 4:
      std::shuffle(agent.host.loads.begin(), agent.host.loads.end(), random_);
      break;
    case 5:
    case 6:
      Trouble();
      break;
    case 7:
    case 8:
    case 9:
      Command();
      break;
    case 10:
    case 11:
      Connect(agent);
      break;
    case 12:
    case 13:
      Read(agent, 1 + Draw(3));
      break;
    default:
      harness_.Advance(Chance(5) ? seconds(20) : seconds(1));
      for (ModelAgent& one : agents_) {
        if (Chance(90)) Report(one);
      }
  }
  CheckTransitions();
  CheckStore();
}

void PlanModel::CheckSent(const ModelAgent& agent, const PlanCommand& command) {
  ++plans_sent_;
  const std::string& name = agent.host.name;
  const Plan& plan = command.plan;
  const Host& host = *harness_.core->fleet.FindHost(name);
  const StoreIdentity identity = harness_.store.identity();
  // Committed before sent, and the one of this host in flight.
  const PlanRecord* stored = Stored(name, plan.epoch);
  ASSERT_NE(stored, nullptr) << name << " " << plan.epoch.value();
  EXPECT_EQ(stored->state, PlanState::kSent);
  EXPECT_EQ(stored->term, plan.term);
  EXPECT_EQ(stored->table, plan.table);
  EXPECT_EQ(host.flight.plan.epoch, plan.epoch);
  // Never an epoch twice, and always a higher one.
  EXPECT_GT(plan.epoch, sent_[name]);
  sent_[name] = plan.epoch;
  // A fenced host gets no plan.
  EXPECT_TRUE(host.fenced.empty());
  EXPECT_TRUE(identity.fenced.empty());
  EXPECT_LE(agent.seen_term, plan.term);
  if (stored->author != kBalancer) return;
  EXPECT_TRUE(agent.reported) << name << ": planned without a fresh report";
  const auto rejected = rejected_.find(name);
  if (rejected == rejected_.end()) return;
  const balance::Policy policy;
  const auto since = harness_.clock.Monotonic() - rejected->second.when;
  EXPECT_GE(since, policy.bucket_cooldown);
  EXPECT_FALSE(since < policy.return_time &&
               rejected->second.base == plan.base &&
               rejected->second.digest == ComputeDigest(plan.table))
      << "the same plan again";
}

void PlanModel::CheckAcknowledged(const ModelAgent& agent, Term term,
                                  Epoch epoch) {
  const PlanRecord* stored = Stored(agent.host.name, epoch);
  if (stored == nullptr || stored->term != term) return;
  EXPECT_FALSE(IsOpen(stored->state))
      << PlanName(*stored) << " is acknowledged and "
      << PlanStateName(stored->state);
}

void PlanModel::CheckTransitions() {
  const auto& transitions = harness_.store.transitions();
  for (; checked_transitions_ < transitions.size(); ++checked_transitions_) {
    const auto& [id, from, to] = transitions[checked_transitions_];
    const bool still_unknown =
        from == PlanState::kUnknown && to == PlanState::kUnknown;
    EXPECT_TRUE(still_unknown || CanFollow(from, to))
        << "plan " << id << " went from " << PlanStateName(from) << " to "
        << PlanStateName(to);
  }
}

void PlanModel::CheckStore() {
  std::map<std::string, int> in_flight;
  std::set<std::pair<std::string, Epoch>> epochs;
  for (const PlanRecord& plan : harness_.store.plans()) {
    if (plan.state == PlanState::kSent) ++in_flight[plan.host];
    if (plan.epoch == Epoch()) continue;
    EXPECT_TRUE(epochs.emplace(plan.host, plan.epoch).second)
        << PlanName(plan) << " twice";
  }
  for (const auto& [name, count] : in_flight) {
    EXPECT_LE(count, 1) << "plans of host " << name << " in flight";
  }
}

const PlanRecord* PlanModel::Stored(const std::string& host,
                                    Epoch epoch) const {
  for (const PlanRecord& plan : harness_.store.plans()) {
    if (plan.host == host && plan.epoch == epoch) return &plan;
  }
  return nullptr;
}

void PlanModel::Quieten() {
  quiet_ = true;
  harness_.store.Heal();
  harness_.store.Release();
  harness_.Run();
  Call call;
  call.caller = {"user/alice", Role::kAdmin};
  // Twice as long as the longest a refused plan waits.
  for (int second = 0; second < 150; ++second) {
    harness_.Advance(seconds(1));
    if (harness_.core->fleet.AnyFenced()) {
      harness_.core->commands.Adopt(call, [](const auto&) {});
      harness_.Run();
    }
    for (ModelAgent& agent : agents_) {
      Connect(agent);
      Report(agent);
      Read(agent, 100);
    }
  }
  CheckTransitions();
  CheckStore();
  for (const ModelAgent& agent : agents_) {
    const Host& host = *harness_.core->fleet.FindHost(agent.host.name);
    const HostIntent& intent = host.record.intent;
    SCOPED_TRACE(absl::StrCat("host ", host.name(), ": ", host.standing.code,
                              ": ", host.standing.reason));
    EXPECT_TRUE(host.fenced.empty());
    EXPECT_EQ(intent, harness_.store.hosts().at(host.name()).intent);
    EXPECT_FALSE(agent.incoming &&
                 host.digest != ComputeDigest(agent.host.table));
    for (const ProcessorId owner : agent.host.table.owner) {
      EXPECT_EQ(std::count(intent.drained.begin(), intent.drained.end(), owner),
                0)
          << "processor " << owner.value() << " is drained and holds buckets";
    }
    for (const Pin& pin : intent.pins) {
      const bool drained = std::count(intent.drained.begin(),
                                      intent.drained.end(), pin.processor) > 0;
      if (drained) continue;
      EXPECT_EQ(agent.host.table.owner[pin.bucket.index()], pin.processor)
          << "bucket " << pin.bucket.value();
    }
  }
}

}  // namespace lb::controller
