// What operators ask for: carried out once, audited, or refused.
#include "controller/core/commands.h"

#include <algorithm>
#include <functional>

#include "common/status.h"
#include "controller/core/host_intents.h"
#include "gmock/gmock.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Call MakeCall(const std::string& method, const std::string& request_id = "") {
  Call call;
  call.caller = {"socket:operator", Role::kOperator};
  call.method = "lb.v1.Test/" + method;
  call.resource = "hosts/a";
  call.reason = "because";
  call.request_id = request_id;
  call.request_hash = std::string(32, method.empty() ? 'x' : method[0]);
  return call;
}

Call Validate(Call call) {
  call.validate_only = true;
  return call;
}

// What a command answered with.
template <class T>
struct Answered {
  std::optional<absl::StatusOr<T>> result;
  Commands::Done<T> Done() {
    return [this](absl::StatusOr<T> answer) { result = std::move(answer); };
  }
};

class CommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    stream_ = harness_.Connect(host_);
    harness_.Report(host_, stream_);
  }
  Commands& commands() { return harness_.core->commands; }
  HostView View() { return harness_.View(host_); }
  const HostIntent& Intent() {
    return harness_.core->fleet.hosts().at("a")->record.intent;
  }

  // Calls a method and runs until it has answered.
  template <class T>
  absl::StatusOr<T> Ask(const std::function<void(Commands::Done<T>)>& method) {
    Answered<T> answered;
    method(answered.Done());
    harness_.Run();
    return answered.result.value_or(absl::UnknownError("no answer"));
  }
  absl::StatusOr<Changed<HostView>> Drain(int processor, Call call) {
    return Ask<Changed<HostView>>([&](auto done) {
      commands().DrainProcessor(call,
                                absl::StrCat("hosts/a/processors/", processor),
                                std::move(done));
    });
  }
  absl::StatusOr<Changed<HostView>> Undrain(int processor, Call call) {
    return Ask<Changed<HostView>>([&](auto done) {
      commands().UndrainProcessor(
          call, absl::StrCat("hosts/a/processors/", processor),
          std::move(done));
    });
  }
  absl::StatusOr<Changed<HostView>> Pin(int bucket,
                                        std::optional<ProcessorId> processor,
                                        Call call) {
    return Ask<Changed<HostView>>([&](auto done) {
      commands().PinBucket(call, absl::StrCat("hosts/a/buckets/", bucket),
                           processor, std::move(done));
    });
  }
  absl::StatusOr<Receipt> Pause(const std::string& parent, Call call) {
    return Ask<Receipt>([&](auto done) {
      commands().PauseBalance(call, parent, std::move(done));
    });
  }
  absl::StatusOr<Receipt> Resume(const std::string& parent, Call call) {
    return Ask<Receipt>([&](auto done) {
      commands().ResumeBalance(call, parent, std::move(done));
    });
  }
  absl::StatusOr<Changed<NamedPolicy>> Update(
      const std::string& name, const std::string& etag,
      const std::function<void(balance::Policy&)>& change, Call call) {
    return Ask<Changed<NamedPolicy>>([&](auto done) {
      commands().UpdatePolicy(
          call, name, etag,
          [change](balance::Policy& policy) {
            change(policy);
            return absl::OkStatus();
          },
          std::move(done));
    });
  }
  absl::StatusOr<Changed<ProposalAnswer>> Propose(
      const ProposalRequest& request, Call call) {
    return Ask<Changed<ProposalAnswer>>([&](auto done) {
      commands().ProposePlan(call, "hosts/a", request, std::move(done));
    });
  }
  absl::StatusOr<Changed<PlanRecord>> Apply(const std::string& name,
                                            Call call) {
    return Ask<Changed<PlanRecord>>(
        [&](auto done) { commands().ApplyPlan(call, name, std::move(done)); });
  }
  absl::StatusOr<Changed<PlanRecord>> RollBack(const std::string& name,
                                               Call call) {
    return Ask<Changed<PlanRecord>>([&](auto done) {
      commands().RollBackPlan(call, name, std::move(done));
    });
  }
  absl::StatusOr<Receipt> Forget(Call call) {
    return Ask<Receipt>([&](auto done) {
      commands().ForgetHost(call, "hosts/a", std::move(done));
    });
  }
  absl::StatusOr<Changed<Term>> Adopt(Call call) {
    return Ask<Changed<Term>>(
        [&](auto done) { commands().Adopt(call, std::move(done)); });
  }
  void Lose() {
    harness_.core->fleet.OnClosed(stream_.session);
    harness_.Run();
  }
  const AuditRecord& LastAudit() { return harness_.store.audit().back(); }
  std::uint32_t BucketsOf(int processor) const {
    return static_cast<std::uint32_t>(
        std::count(host_.table.owner.begin(), host_.table.owner.end(),
                   ProcessorId(static_cast<std::uint16_t>(processor))));
  }

  ControllerHarness harness_;
  SimulatedHost host_{"a", 4, SkewedLoads(64, 4, 2.0, 0.27)};  // even
  ControllerHarness::Stream stream_;
};

TEST_F(CommandsTest, ADrainedProcessorIsEmptiedAtOnce) {
  const auto changed = Drain(1, MakeCall("Drain"));
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_TRUE(changed->value.processors[1].drained);
  EXPECT_FALSE(changed->value.processors[1].in_service);
  EXPECT_GT(changed->receipt.revision, 0U);
  EXPECT_EQ(changed->receipt.head.sequence, 1U);
  EXPECT_FALSE(changed->receipt.repeated);
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  EXPECT_EQ(BucketsOf(1), 0U);
  const PlanRecord& plan = harness_.store.plans().at(0);
  EXPECT_EQ(plan.verdict, "EVACUATE");
  EXPECT_EQ(plan.moves.size(), 16U);  // nothing else moved
  EXPECT_THAT(plan.reason, HasSubstr("no budget"));
  EXPECT_FALSE(plan.planner_reason.empty());
  for (int i = 0; i < 30; ++i) {
    harness_.Report(host_, stream_);
    harness_.ApplyPlan(host_, stream_);
  }
  EXPECT_EQ(BucketsOf(1), 0U);
}

TEST_F(CommandsTest, AnUndrainedProcessorGetsBucketsAgain) {
  ASSERT_TRUE(Drain(1, MakeCall("Drain")).ok());
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  ASSERT_TRUE(Undrain(1, MakeCall("Undrain")).ok());
  EXPECT_THAT(Intent().drained, IsEmpty());
  for (int i = 0; i < 200; ++i) {
    harness_.Report(host_, stream_);
    harness_.ApplyPlan(host_, stream_);
  }
  EXPECT_GT(BucketsOf(1), 0U);
}

TEST_F(CommandsTest, AgentsThatCanAreToldOfDrains) {
  Lose();
  Hello hello = host_.MakeHello();
  hello.features = {"drain", "else"};
  stream_ = harness_.Connect(hello);
  ASSERT_EQ(stream_.link->drains.size(), 1U);
  EXPECT_THAT(stream_.link->drains[0].processors, IsEmpty());
  ASSERT_TRUE(Drain(2, MakeCall("Drain")).ok());
  ASSERT_EQ(stream_.link->drains.size(), 2U);
  EXPECT_THAT(stream_.link->drains[1].processors, ElementsAre(ProcessorId(2)));
}

TEST_F(CommandsTest, AfterARestartADrainWaitsForAReport) {
  Lose();
  ASSERT_TRUE(Drain(1, MakeCall("Drain")).ok());
  harness_.Restart();
  host_.sequence = 0;
  stream_ = harness_.Connect(host_);
  for (int i = 0; i < 10; ++i) harness_.Advance(seconds(1));
  EXPECT_TRUE(harness_.store.plans().empty());
  harness_.Report(host_, stream_);
  EXPECT_EQ(stream_.link->plans.size(), 1U);
}

TEST_F(CommandsTest, TheLastProcessorCannotBeDrained) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Drain(i, MakeCall("Drain")).ok());
  }
  const auto last = Drain(3, MakeCall("Drain"));
  EXPECT_TRUE(absl::IsFailedPrecondition(last.status())) << last.status();
  EXPECT_EQ(Intent().drained.size(), 3U);
  EXPECT_EQ(LastAudit().outcome, "FAILED_PRECONDITION");
  EXPECT_THAT(LastAudit().error, HasSubstr("no processor left"));
}

TEST_F(CommandsTest, DrainsAndPinsAreCarriedOutAlsoWhilePaused) {
  ASSERT_TRUE(Pause("hosts/a", MakeCall("Pause")).ok());
  ASSERT_TRUE(Pause("hosts/-", MakeCall("Pause")).ok());
  ASSERT_TRUE(Drain(0, MakeCall("Drain")).ok());
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  EXPECT_EQ(BucketsOf(0), 0U);
  harness_.Report(host_, stream_);
  ASSERT_TRUE(Pin(5, ProcessorId(3), MakeCall("Pin")).ok());
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  EXPECT_EQ(host_.table.owner[5], ProcessorId(3));
  EXPECT_EQ(harness_.store.plans().back().verdict, "PIN");
  EXPECT_EQ(harness_.store.plans().back().author, "balancer");
  EXPECT_EQ(harness_.store.plans().back().moves.size(), 1U);
}

TEST_F(CommandsTest, DrainsAreCarriedOutAlsoWithModeOff) {
  ASSERT_TRUE(Update(
                  "hosts/a/policy", "",
                  [](auto& p) { p.mode = balance::Mode::kOff; },
                  MakeCall("Update"))
                  .ok());
  ASSERT_TRUE(Drain(0, MakeCall("Drain")).ok());
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  EXPECT_EQ(BucketsOf(0), 0U);
}

TEST_F(CommandsTest, ADrainThatCameWithAPlanInFlightIsTakenUpAfterIt) {
  ASSERT_TRUE(Drain(0, MakeCall("Drain")).ok());
  ASSERT_TRUE(Drain(1, MakeCall("Drain")).ok());
  ASSERT_EQ(stream_.link->plans.size(), 1U);
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  ASSERT_EQ(stream_.link->plans.size(), 2U);
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  EXPECT_EQ(BucketsOf(0) + BucketsOf(1), 0U);
}

TEST_F(CommandsTest, APinnedBucketStaysUnlessItsProcessorIsDrained) {
  ASSERT_TRUE(Pin(0, std::nullopt, MakeCall("Pin")).ok());
  EXPECT_EQ(Intent().pins.at(0).processor, ProcessorId(0));
  // Processor 0 is now by far the busiest, and bucket 0 its heaviest.
  host_.loads[0] = 600'000'000;
  for (int i = 0; i < 60; ++i) {
    harness_.Report(host_, stream_);
    harness_.ApplyPlan(host_, stream_);
  }
  EXPECT_FALSE(harness_.store.plans().empty());
  EXPECT_EQ(host_.table.owner[0], ProcessorId(0));
  ASSERT_TRUE(Drain(0, MakeCall("Drain")).ok());
  harness_.ApplyPlan(host_, stream_);
  EXPECT_EQ(BucketsOf(0), 0U);
  // And comes back with it.
  ASSERT_TRUE(Undrain(0, MakeCall("Undrain")).ok());
  harness_.Report(host_, stream_);
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  EXPECT_EQ(host_.table.owner[0], ProcessorId(0));
}

TEST_F(CommandsTest, UnpinnedItIsFree) {
  ASSERT_TRUE(Pin(0, std::nullopt, MakeCall("Pin")).ok());
  const auto unpinned = Ask<Changed<HostView>>([&](auto done) {
    commands().UnpinBucket(MakeCall("Unpin"), "hosts/a/buckets/0",
                           std::move(done));
  });
  ASSERT_TRUE(unpinned.ok());
  EXPECT_THAT(Intent().pins, IsEmpty());
  EXPECT_EQ(harness_.store.Count(EventKind::kBucketUnpinned), 1U);
}

TEST_F(CommandsTest, APausedHostIsNotBalancedUntilResumed) {
  ASSERT_TRUE(Pause("hosts/a", MakeCall("Pause")).ok());
  host_.loads = SkewedLoads(64, 4, 2.0, 0.6);
  EXPECT_FALSE(harness_.ReportUntilPlan(host_, stream_, 30).has_value());
  EXPECT_THAT(View().reason, HasSubstr("PAUSED: by socket:operator: because"));
  EXPECT_EQ(harness_.store.decisions().back().verdict, "PAUSED");
  ASSERT_TRUE(Resume("hosts/a", MakeCall("Resume")).ok());
  EXPECT_TRUE(harness_.ReportUntilPlan(host_, stream_, 5).has_value());
}

TEST_F(CommandsTest, AHostIsShownWithWhatItsPolicyAndPausesComeTo) {
  EXPECT_EQ(View().mode, balance::Mode::kAuto);
  EXPECT_FALSE(View().pause.has_value());
  ASSERT_TRUE(Pause("hosts/a", MakeCall("Pause")).ok());
  EXPECT_EQ(View().mode, balance::Mode::kOff);
  ASSERT_TRUE(View().pause.has_value());
  EXPECT_FALSE(View().fleet_paused);
  ASSERT_TRUE(Resume("hosts/a", MakeCall("Resume")).ok());
  ASSERT_TRUE(Pause("hosts/-", MakeCall("Pause")).ok());
  EXPECT_EQ(View().mode, balance::Mode::kOff);
  ASSERT_TRUE(View().pause.has_value());
  EXPECT_TRUE(View().fleet_paused);
  const auto listed = harness_.core->queries.ListHosts(0, "").value();
  EXPECT_EQ(listed.items.at(0).mode, balance::Mode::kOff);
  ASSERT_TRUE(Resume("hosts/-", MakeCall("Resume")).ok());
  ASSERT_TRUE(Update(
                  "hosts/a/policy", "",
                  [](auto& p) { p.mode = balance::Mode::kAdvise; },
                  MakeCall("Update"))
                  .ok());
  EXPECT_EQ(View().mode, balance::Mode::kAdvise);
  EXPECT_FALSE(View().pause.has_value());
}

TEST_F(CommandsTest, AHostPausedByItselfStaysSoWhenTheFleetGoesOn) {
  ASSERT_TRUE(Pause("hosts/-", MakeCall("Pause")).ok());
  host_.loads = SkewedLoads(64, 4, 2.0, 0.6);
  EXPECT_FALSE(harness_.ReportUntilPlan(host_, stream_, 20).has_value());
  ASSERT_TRUE(Pause("hosts/a", MakeCall("Pause")).ok());
  ASSERT_TRUE(Resume("hosts/-", MakeCall("Resume")).ok());
  EXPECT_FALSE(harness_.ReportUntilPlan(host_, stream_, 20).has_value());
  // Also after a restart.
  harness_.Restart();
  host_.sequence = 0;
  stream_ = harness_.Connect(host_);
  EXPECT_FALSE(harness_.ReportUntilPlan(host_, stream_, 20).has_value());
  ASSERT_TRUE(Resume("hosts/a", MakeCall("Resume")).ok());
  EXPECT_TRUE(harness_.ReportUntilPlan(host_, stream_, 5).has_value());
}

TEST_F(CommandsTest, AHostsOwnPolicyIsItsOwn) {
  const auto own = Update(
      "hosts/a/policy", "", [](auto& p) { p.trigger_permille = 1'500; },
      MakeCall("Update"));
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_FALSE(own->value.inherited);
  ASSERT_EQ(stream_.link->policies.size(), 1U);
  EXPECT_EQ(stream_.link->policies[0].policy.trigger_permille, 1'500U);
  // A change of the default does not reach it.
  ASSERT_TRUE(Update(
                  "policies/default", "",
                  [](auto& p) { p.trigger_permille = 1'300; },
                  MakeCall("Update"))
                  .ok());
  EXPECT_EQ(stream_.link->policies.size(), 1U);
  EXPECT_EQ(View().policy.policy.trigger_permille, 1'500U);
  harness_.Restart();
  EXPECT_EQ(View().policy.policy.trigger_permille, 1'500U);
  stream_ = harness_.Connect(host_);
  EXPECT_EQ(stream_.link->welcomes[0].policy.policy.trigger_permille, 1'500U);
  // Until it is deleted.
  const auto deleted = Ask<Receipt>([&](auto done) {
    commands().DeletePolicy(MakeCall("Delete"), "hosts/a/policy",
                            EtagOf(own->value.record), std::move(done));
  });
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(stream_.link->policies.back().policy.trigger_permille, 1'300U);
  EXPECT_TRUE(commands().GetPolicy("hosts/a/policy")->inherited);
}

TEST_F(CommandsTest, AnOldEtagIsRefused) {
  const auto first = Update(
      "policies/default", "r0", [](auto&) {}, MakeCall("Update"));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(EtagOf(first->value.record), "r1");
  const auto second = Update(
      "policies/default", "r0", [](auto&) {}, MakeCall("Update"));
  EXPECT_TRUE(absl::IsAborted(second.status())) << second.status();
  EXPECT_EQ(ErrorReason(second.status()), "ETAG_MISMATCH");
  EXPECT_EQ(LastAudit().outcome, "ABORTED");
}

TEST_F(CommandsTest, APolicyOutOfRangeIsRefusedAndNotAudited) {
  const auto bad = Update(
      "policies/default", "", [](auto& p) { p.trigger_permille = 3; },
      MakeCall("Update"));
  EXPECT_TRUE(absl::IsInvalidArgument(bad.status()));
  EXPECT_TRUE(harness_.store.audit().empty());
}

TEST_F(CommandsTest, TheAuditTellsWhoWhatAndWhy) {
  ASSERT_TRUE(Drain(1, MakeCall("Drain", "id-1")).ok());
  const AuditRecord& record = LastAudit();
  EXPECT_EQ(record.caller, "socket:operator");
  EXPECT_EQ(record.role, Role::kOperator);
  EXPECT_EQ(record.method, "lb.v1.Test/Drain");
  EXPECT_EQ(record.resource, "hosts/a");
  EXPECT_EQ(record.outcome, "OK");
  EXPECT_EQ(record.reason, "because");
  EXPECT_EQ(record.request_id, "id-1");
  EXPECT_EQ(record.before, R"({"drained":[],"pins":[],"pause":null})");
  EXPECT_EQ(record.after, R"({"drained":[1],"pins":[],"pause":null})");
  EXPECT_EQ(harness_.store.Count(EventKind::kProcessorDrained), 1U);
  // What is so already is no event.
  ASSERT_TRUE(Drain(1, MakeCall("Drain")).ok());
  EXPECT_EQ(harness_.store.Count(EventKind::kProcessorDrained), 1U);
  EXPECT_EQ(harness_.store.audit().size(), 2U);
}

TEST_F(CommandsTest, OnlyValidatedNothingChanges) {
  const std::size_t events = harness_.store.events().size();
  const auto valid = Drain(1, Validate(MakeCall("Drain", "id-1")));
  ASSERT_TRUE(valid.ok()) << valid.status();
  EXPECT_EQ(valid->receipt.revision, 0U);
  EXPECT_FALSE(valid->value.processors[1].drained);
  EXPECT_TRUE(absl::IsNotFound(Drain(9, Validate(MakeCall("Drain"))).status()));
  EXPECT_TRUE(harness_.store.audit().empty());
  EXPECT_EQ(harness_.store.events().size(), events);
  EXPECT_THAT(Intent().drained, IsEmpty());
  EXPECT_TRUE(stream_.link->plans.empty());
  // The id is free.
  EXPECT_FALSE(Drain(1, MakeCall("Drain", "id-1"))->receipt.repeated);
}

TEST_F(CommandsTest, ARequestIsCarriedOutOnceAndAnsweredAgain) {
  const auto first = Drain(1, MakeCall("Drain", "id-1"));
  ASSERT_TRUE(Undrain(1, MakeCall("Undrain")).ok());
  const auto again = Drain(1, MakeCall("Drain", "id-1"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->receipt.repeated);
  EXPECT_EQ(again->receipt.revision, first->receipt.revision);
  EXPECT_EQ(again->receipt.head, first->receipt.head);
  // The present state.
  EXPECT_FALSE(again->value.processors[1].drained);
  EXPECT_EQ(harness_.store.audit().size(), 2U);
}

TEST_F(CommandsTest, AnotherRequestUnderTheSameIdIsRefused) {
  ASSERT_TRUE(Drain(1, MakeCall("Drain", "id-1")).ok());
  Call other = MakeCall("Drain", "id-1");
  other.request_hash = std::string(32, 'y');
  const auto reused = Drain(2, other);
  EXPECT_TRUE(absl::IsInvalidArgument(reused.status()));
  EXPECT_EQ(ErrorReason(reused.status()), "REQUEST_ID_REUSED");
  EXPECT_TRUE(absl::IsInvalidArgument(
      Undrain(1, MakeCall("Undrain", "id-1")).status()));
  // Another caller's ids are his own.
  Call mine = MakeCall("Undrain", "id-1");
  mine.caller.name = "user/alice";
  EXPECT_TRUE(Undrain(1, mine).ok());
}

TEST_F(CommandsTest, TwoAtOnceAreCarriedOutOnce) {
  Answered<Changed<HostView>> first;
  Answered<Changed<HostView>> second;
  harness_.store.Hold();
  for (auto* answered : {&first, &second}) {
    commands().DrainProcessor(MakeCall("Drain", "id-1"), "hosts/a/processors/1",
                              answered->Done());
  }
  harness_.Run();
  EXPECT_FALSE(first.result.has_value());
  harness_.store.Release();
  harness_.Run();
  ASSERT_TRUE(first.result && second.result);
  EXPECT_FALSE((*first.result)->receipt.repeated);
  EXPECT_TRUE((*second.result)->receipt.repeated);
  EXPECT_EQ(harness_.store.audit().size(), 1U);
}

TEST_F(CommandsTest, OneIdForTwoHostsAtOnceIsRefusedOnce) {
  SimulatedHost other("b", 4, SkewedLoads(64, 4, 2.0, 0.27));
  harness_.Connect(other);
  Answered<Changed<HostView>> first;
  Answered<Changed<HostView>> second;
  Call call = MakeCall("Drain", "id-1");
  commands().DrainProcessor(call, "hosts/a/processors/1", first.Done());
  call.request_hash = std::string(32, 'y');
  commands().DrainProcessor(call, "hosts/b/processors/1", second.Done());
  harness_.Run();
  EXPECT_TRUE(first.result->ok());
  EXPECT_TRUE(absl::IsInvalidArgument(second.result->status()));
  EXPECT_FALSE(harness_.core->journal.degraded());
}

TEST_F(CommandsTest, WhatIsNoNameReasonOrIdIsRefused) {
  Call call = MakeCall("Drain");
  call.reason = std::string(501, 'r');
  EXPECT_TRUE(absl::IsInvalidArgument(Drain(1, call).status()));
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xFF", "\xE2\x82",
                          "\xF4\x90\x80\x80", "a\x80"}) {
    call.reason = bad;
    EXPECT_TRUE(absl::IsInvalidArgument(Drain(1, call).status())) << bad;
  }
  call = MakeCall("Drain", std::string(65, 'i'));
  EXPECT_TRUE(absl::IsInvalidArgument(Drain(1, call).status()));
  call = MakeCall("Drain", "line\nbreak");
  EXPECT_TRUE(absl::IsInvalidArgument(Drain(1, call).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Drain(-1, MakeCall("Drain")).status()));
  EXPECT_TRUE(harness_.store.audit().empty());
  call = MakeCall("Drain", std::string(64, ' '));
  call.reason = "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80";
  EXPECT_TRUE(Drain(1, call).ok());
}

TEST_F(CommandsTest, WhatDoesNotExistIsNotFoundAndAudited) {
  EXPECT_TRUE(absl::IsNotFound(Drain(4, MakeCall("Drain")).status()));
  EXPECT_TRUE(
      absl::IsNotFound(Pin(64, std::nullopt, MakeCall("Pin")).status()));
  EXPECT_TRUE(
      absl::IsNotFound(Pin(1, ProcessorId(4), MakeCall("Pin")).status()));
  EXPECT_TRUE(absl::IsNotFound(Pause("hosts/x", MakeCall("Pause")).status()));
  EXPECT_TRUE(absl::IsNotFound(
      Apply("hosts/a/proposals/9", MakeCall("Apply")).status()));
  ASSERT_EQ(harness_.store.audit().size(), 5U);
  for (const AuditRecord& record : harness_.store.audit()) {
    EXPECT_EQ(record.outcome, "NOT_FOUND");
    EXPECT_FALSE(record.error.empty());
  }
}

TEST_F(CommandsTest, WhileTheStoreCannotCommitNothingChanges) {
  harness_.store.FailCommits(absl::UnavailableError("disk full"));
  for (int i = 0; i < 2; ++i) {
    const auto refused = Drain(1, MakeCall("Drain", "id-1"));
    EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
    EXPECT_THAT(refused.status().message(), HasSubstr("cannot commit"));
    EXPECT_EQ(ErrorReason(refused.status()), "STORE_DEGRADED");
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Drain(1, Validate(MakeCall("Drain"))).status()));
  EXPECT_THAT(Intent().drained, IsEmpty());
  harness_.store.Heal();
  // Also where nothing else would be committed.
  harness_.Advance(2 * Fleet::kTick);
  EXPECT_FALSE(harness_.core->journal.degraded());
  EXPECT_TRUE(Drain(1, MakeCall("Drain", "id-1")).ok());
}

TEST_F(CommandsTest, ProposedAndAppliedItIsCommittedBeforeItIsSent) {
  ASSERT_TRUE(Pause("hosts/a", MakeCall("Pause")).ok());
  host_.loads = SkewedLoads(64, 4, 2.0, 0.6);
  for (int i = 0; i < 10; ++i) harness_.Report(host_, stream_);
  const auto proposed = Propose({}, MakeCall("Propose", "id-1"));
  ASSERT_TRUE(proposed.ok()) << proposed.status();
  ASSERT_TRUE(proposed->value.plan.has_value());
  const PlanRecord& plan = *proposed->value.plan;
  EXPECT_EQ(PlanName(plan), "hosts/a/proposals/1");
  EXPECT_EQ(plan.author, "socket:operator");
  EXPECT_EQ(plan.verdict, "REQUESTED");
  EXPECT_THAT(plan.reason, HasSubstr("no budget, cooldown or return time"));
  EXPECT_GT(plan.moves.size(), 3U);  // the policy's budget
  EXPECT_TRUE(stream_.link->plans.empty());
  const auto again = Propose({}, MakeCall("Propose", "id-1"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->receipt.repeated);
  EXPECT_EQ(again->value.plan->id, 1U);
  EXPECT_EQ(harness_.store.plans().size(), 1U);

  EXPECT_EQ(Apply("hosts/a/proposals/1", Validate(MakeCall("Apply")))
                ->receipt.revision,
            0U);
  EXPECT_EQ(harness_.store.plans()[0].state, PlanState::kProposed);
  harness_.store.Hold();
  Answered<Changed<PlanRecord>> applied;
  commands().ApplyPlan(MakeCall("Apply", "id-2"), "hosts/a/proposals/1",
                       applied.Done());
  harness_.Run();
  EXPECT_TRUE(stream_.link->plans.empty());
  harness_.store.Release();
  harness_.Run();
  ASSERT_TRUE(applied.result && applied.result->ok());
  EXPECT_EQ((*applied.result)->value.epoch, Epoch(1));
  EXPECT_EQ((*applied.result)->value.state, PlanState::kSent);
  ASSERT_EQ(stream_.link->plans.size(), 1U);
  EXPECT_EQ(stream_.link->plans[0].plan.table, plan.table);
  EXPECT_THAT(LastAudit().before, HasSubstr(R"("state":"PROPOSED")"));
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  EXPECT_EQ(harness_.store.plans()[0].state, PlanState::kApplied);
  for (int i = 0; i < 3; ++i) harness_.Report(host_, stream_);
  EXPECT_EQ(harness_.store.plans()[0].state, PlanState::kMeasured);
  EXPECT_EQ(harness_.store.plans()[0].utilization_achieved.size(), 4U);
  const auto repeated = Apply("hosts/a/proposals/1", MakeCall("Apply", "id-2"));
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(repeated->value.state, PlanState::kMeasured);
}

TEST_F(CommandsTest, APlanForAnotherTableIsNotSent) {
  host_.loads = SkewedLoads(64, 4, 2.0, 0.6);
  ASSERT_TRUE(Pause("hosts/a", MakeCall("Pause")).ok());
  for (int i = 0; i < 5; ++i) harness_.Report(host_, stream_);
  ASSERT_TRUE(Propose({}, MakeCall("Propose"))->value.plan.has_value());
  host_.table.owner[0] = ProcessorId(3);
  harness_.core->fleet.OnTableChanged(
      stream_.session, {host_.table, ComputeDigest(host_.table), "takeover"});
  const auto applied = Apply("hosts/a/proposals/1", MakeCall("Apply"));
  EXPECT_TRUE(absl::IsAborted(applied.status())) << applied.status();
  EXPECT_EQ(ErrorReason(applied.status()), "PROPOSAL_OUTDATED");
}

TEST_F(CommandsTest, APlanForProcessorsThatAreGoneIsNotSent) {
  ASSERT_TRUE(Pause("hosts/a", MakeCall("Pause")).ok());
  std::replace(host_.table.owner.begin(), host_.table.owner.end(),
               ProcessorId(3), ProcessorId(0));
  Lose();
  stream_ = harness_.Connect(host_);
  harness_.Report(host_, stream_);
  const auto proposed = Propose({}, MakeCall("Propose"));
  ASSERT_TRUE(proposed.ok()) << proposed.status();
  ASSERT_TRUE(proposed->value.plan.has_value());
  EXPECT_THAT(proposed->value.plan->table.owner, Contains(ProcessorId(3)));
  // It comes back without the processor, and with the same table.
  Lose();
  host_.layout.processors.pop_back();
  stream_ = harness_.Connect(host_);
  const auto applied = Apply("hosts/a/proposals/1", MakeCall("Apply"));
  EXPECT_TRUE(absl::IsAborted(applied.status())) << applied.status();
  EXPECT_EQ(ErrorReason(applied.status()), "PROPOSAL_OUTDATED");
  EXPECT_TRUE(stream_.link->plans.empty());
}

TEST_F(CommandsTest, APlanIsNotSentToWhereItCannotBe) {
  host_.loads = SkewedLoads(64, 4, 2.0, 0.6);
  ASSERT_TRUE(Pause("hosts/a", MakeCall("Pause")).ok());
  for (int i = 0; i < 5; ++i) harness_.Report(host_, stream_);
  const auto proposed = Propose({}, MakeCall("Propose"));
  const MoveRecord move = proposed->value.plan->moves.at(0);
  // Pinned where it is, by somebody who does not know of the proposal.
  ASSERT_TRUE(Pin(static_cast<int>(move.move.bucket.value()), std::nullopt,
                  MakeCall("Pin"))
                  .ok());
  const auto pinned = Apply("hosts/a/proposals/1", MakeCall("Apply"));
  EXPECT_TRUE(absl::IsAborted(pinned.status())) << pinned.status();
  EXPECT_EQ(ErrorReason(pinned.status()), "PROPOSAL_OUTDATED");
  ASSERT_TRUE(Drain(3, MakeCall("Drain")).ok());
  const auto second = Apply("hosts/a/proposals/1", MakeCall("Apply"));
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
  EXPECT_EQ(ErrorReason(second.status()), "PLAN_IN_FLIGHT");
  Lose();
  const auto gone = Apply("hosts/a/proposals/1", MakeCall("Apply"));
  EXPECT_TRUE(absl::IsFailedPrecondition(gone.status())) << gone.status();
  EXPECT_EQ(ErrorReason(gone.status()), "HOST_NOT_CONNECTED");
  const auto unplanned = Propose({}, MakeCall("Propose"));
  EXPECT_TRUE(absl::IsFailedPrecondition(unplanned.status()));
  EXPECT_EQ(ErrorReason(unplanned.status()), "HOST_NOT_CONNECTED");
}

TEST_F(CommandsTest, NothingIsProposedFromOldMeasurements) {
  harness_.Report(host_, stream_);
  harness_.Advance(seconds(60));
  const auto stale = Propose({}, MakeCall("Propose"));
  EXPECT_TRUE(absl::IsFailedPrecondition(stale.status())) << stale.status();
  EXPECT_EQ(ErrorReason(stale.status()), "NOT_MEASURED");
}

TEST_F(CommandsTest, NoBetterTableIsAnAnswer) {
  host_.loads = std::vector<std::uint64_t>(64, 10'000'000);
  for (int i = 0; i < 30; ++i) harness_.Report(host_, stream_);
  const auto proposed = Propose({}, MakeCall("Propose"));
  ASSERT_TRUE(proposed.ok()) << proposed.status();
  EXPECT_FALSE(proposed->value.plan.has_value());
  EXPECT_FALSE(proposed->value.planner_reason.empty());
  EXPECT_TRUE(harness_.store.plans().empty());
  ProposalRequest bad;
  bad.target_permille = 1;
  EXPECT_TRUE(
      absl::IsInvalidArgument(Propose(bad, MakeCall("Propose")).status()));
}

TEST_F(CommandsTest, RolledBackTheTableIsAsBeforeAndTheHostOnlyAdvises) {
  const Table before = host_.table;
  host_.loads = SkewedLoads(64, 4, 2.0, 0.6);
  ASSERT_TRUE(harness_.ReportUntilPlan(host_, stream_).has_value());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      RollBack("hosts/a/plans/1", MakeCall("RollBack")).status()));
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  const auto back = RollBack("hosts/a/plans/1", MakeCall("RollBack"));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->value.epoch, Epoch(2));
  EXPECT_EQ(back->value.author, "socket:operator");
  EXPECT_EQ(back->value.verdict, "ROLL_BACK");
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  EXPECT_EQ(host_.table, before);
  ASSERT_TRUE(Intent().pause.has_value());
  EXPECT_TRUE(Intent().pause->advise);
  EXPECT_EQ(View().mode, balance::Mode::kAdvise);
  EXPECT_EQ(harness_.store.hosts().at("a").intent, Intent());
  EXPECT_FALSE(harness_.ReportUntilPlan(host_, stream_, 90).has_value());
  EXPECT_EQ(harness_.store.plans().back().state, PlanState::kProposed);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      RollBack("hosts/a/plans/1", MakeCall("RollBack")).status()));
  ASSERT_TRUE(Resume("hosts/a", MakeCall("Resume")).ok());
  EXPECT_TRUE(harness_.ReportUntilPlan(host_, stream_, 5).has_value());
}

TEST_F(CommandsTest, RolledBackAsFarAsDrainsAllow) {
  host_.loads = SkewedLoads(64, 4, 2.0, 0.6);
  ASSERT_TRUE(harness_.ReportUntilPlan(host_, stream_).has_value());
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  // Everything came from processor 0.
  ASSERT_TRUE(Drain(0, MakeCall("Drain")).ok());
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  const auto back = RollBack("hosts/a/plans/1", MakeCall("RollBack"));
  EXPECT_TRUE(absl::IsFailedPrecondition(back.status())) << back.status();
  EXPECT_EQ(BucketsOf(0), 0U);
}

TEST_F(CommandsTest, AForgottenHostIsGoneUntilItComesBack) {
  EXPECT_TRUE(absl::IsFailedPrecondition(Forget(MakeCall("Forget")).status()));
  ASSERT_TRUE(Drain(0, MakeCall("Drain")).ok());
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  Lose();
  ASSERT_TRUE(Forget(MakeCall("Forget")).ok());
  EXPECT_TRUE(harness_.core->fleet.hosts().empty());
  EXPECT_EQ(harness_.store.Count(EventKind::kHostForgotten), 1U);
  EXPECT_TRUE(absl::IsNotFound(Forget(MakeCall("Forget")).status()));
  harness_.Restart();
  EXPECT_TRUE(harness_.core->fleet.hosts().empty());
  // Its epochs go on, its drains do not.
  stream_ = harness_.Connect(host_);
  EXPECT_TRUE(harness_.core->fleet.hosts().at("a")->fenced.empty());
  EXPECT_THAT(Intent().drained, IsEmpty());
  EXPECT_THAT(harness_.store.hosts().at("a").intent.drained, IsEmpty());
  harness_.Report(host_, stream_);
  ASSERT_TRUE(Drain(1, MakeCall("Drain")).ok());
  EXPECT_EQ(stream_.link->plans.at(0).plan.epoch, Epoch(2));
}

TEST_F(CommandsTest, AnAdoptedHostIsPlannedFromAboveWhatItHasSeen) {
  EXPECT_TRUE(absl::IsFailedPrecondition(Adopt(MakeCall("Adopt")).status()));
  Lose();
  host_.loads = SkewedLoads(64, 4, 2.0, 0.6);
  host_.store_id = "store-b";
  host_.term = Term(7);
  host_.epoch = Epoch(40);
  stream_ = harness_.Connect(host_);
  EXPECT_FALSE(harness_.ReportUntilPlan(host_, stream_).has_value());
  const auto adopted = Adopt(MakeCall("Adopt"));
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_EQ(adopted->value, Term(8));
  EXPECT_EQ(harness_.store.Count(EventKind::kControllerAdopted), 1U);
  // Asked for a new hello, which settles it.
  ASSERT_EQ(stream_.link->go_aways.size(), 1U);
  ASSERT_TRUE(stream_.link->closed.has_value());
  Lose();
  host_.sequence = 0;
  stream_ = harness_.Connect(host_);
  EXPECT_EQ(stream_.link->welcomes[0].term, Term(8));
  const auto plan = harness_.ReportUntilPlan(host_, stream_);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->plan.term, Term(8));
  EXPECT_EQ(plan->plan.epoch, Epoch(41));
  EXPECT_TRUE(absl::IsFailedPrecondition(Adopt(MakeCall("Adopt")).status()));
}

TEST_F(CommandsTest, AFencedStorePlansAndSendsNothingUntilItIsAdopted) {
  Lose();
  harness_.store.Fence("a copy of 2026-11-01");
  host_.loads = SkewedLoads(64, 4, 2.0, 0.6);
  host_.sequence = 0;
  Hello hello = host_.MakeHello();
  hello.features = {"drain"};
  stream_ = harness_.Connect(hello);
  EXPECT_TRUE(stream_.link->drains.empty());
  EXPECT_FALSE(harness_.ReportUntilPlan(host_, stream_).has_value());
  EXPECT_THAT(View().reason, HasSubstr("FENCED"));
  EXPECT_THAT(View().reason, HasSubstr("a copy of 2026-11-01"));
  const auto fenced = Propose({}, MakeCall("Propose"));
  EXPECT_TRUE(absl::IsFailedPrecondition(fenced.status())) << fenced.status();
  EXPECT_EQ(ErrorReason(fenced.status()), "HOST_FENCED");
  ASSERT_TRUE(Drain(1, MakeCall("Drain")).ok());  // to be carried out later
  EXPECT_TRUE(stream_.link->plans.empty());
  EXPECT_EQ(Adopt(Validate(MakeCall("Adopt")))->value, Term(2));
  ASSERT_TRUE(Adopt(MakeCall("Adopt")).ok());
  Lose();
  host_.sequence = 0;
  stream_ = harness_.Connect(host_);
  harness_.Report(host_, stream_);
  EXPECT_EQ(stream_.link->plans.size(), 1U);
}

TEST_F(CommandsTest, ABackupIsAuditedWithWhatIsInIt) {
  const auto back_up = [this](const std::string& directory, Call call) {
    return Ask<Changed<BackupInfo>>([&](auto done) {
      commands().BackUp(call, directory, std::move(done));
    });
  };
  EXPECT_TRUE(
      absl::IsInvalidArgument(back_up("copy", MakeCall("BackUp")).status()));
  ASSERT_TRUE(back_up("/var/copy", Validate(MakeCall("BackUp"))).ok());
  EXPECT_TRUE(harness_.store.audit().empty());
  const auto made = back_up("/var/copy", MakeCall("BackUp", "id-1"));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_GT(made->value.revision, 0U);
  EXPECT_THAT(LastAudit().after, HasSubstr("/var/copy"));
  EXPECT_EQ(harness_.store.Count(EventKind::kBackedUp), 1U);
  const auto again = back_up("/var/copy", MakeCall("BackUp", "id-1"));
  EXPECT_TRUE(again->receipt.repeated);
  EXPECT_EQ(again->value.revision, made->value.revision);
}

TEST_F(CommandsTest, RefusalsElsewhereAreKeptOnceAMinute) {
  const absl::Status denied = absl::PermissionDeniedError("viewers only read");
  for (int i = 0; i < 5; ++i) commands().Refused(MakeCall("Drain"), denied);
  commands().Refused(MakeCall("Adopt"), denied);
  harness_.Run();
  ASSERT_EQ(harness_.store.audit().size(), 2U);
  EXPECT_EQ(harness_.store.audit()[0].outcome, "PERMISSION_DENIED");
  EXPECT_EQ(harness_.store.audit()[0].error, "viewers only read");
  EXPECT_EQ(harness_.store.Count(EventKind::kAccessRefused), 1U);
  harness_.Advance(Mutations::kRefusalInterval);
  commands().Refused(MakeCall("Drain"), denied);
  harness_.Run();
  ASSERT_EQ(harness_.store.audit().size(), 3U);
  EXPECT_THAT(LastAudit().error, HasSubstr("4 more"));
  EXPECT_EQ(harness_.store.Count(EventKind::kAccessRefused), 2U);
}

TEST_F(CommandsTest, TooManyAtOnceForOneHostAreSentAway) {
  std::vector<Answered<Receipt>> answers(Mutations::kMostWaiting + 2);
  harness_.store.Hold();
  for (auto& answered : answers) {
    commands().PauseBalance(MakeCall("Pause"), "hosts/a", answered.Done());
  }
  ASSERT_TRUE(answers.back().result.has_value());
  EXPECT_TRUE(absl::IsResourceExhausted(answers.back().result->status()));
  harness_.store.Release();
  harness_.Run();
  EXPECT_EQ(harness_.store.audit().size(), answers.size() - 1);
}

TEST_F(CommandsTest, TheChainOfTheAuditHolds) {
  ASSERT_TRUE(Drain(1, MakeCall("Drain")).ok());
  EXPECT_FALSE(Drain(7, MakeCall("Drain")).ok());
  const auto last = Undrain(1, MakeCall("Undrain"));
  AuditHead head;
  EXPECT_TRUE(ContinueChain(harness_.store.audit(), head).ok());
  EXPECT_EQ(head, last->receipt.head);
  EXPECT_EQ(head, harness_.core->journal.head());
}

}  // namespace
}  // namespace lb::controller
