// Who may call what: every method over every kind of listener, asked of a
// server that runs.
#include <map>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "tests/controller/api_harness.h"
#include "tests/controller/api_methods.h"

namespace lb::controller {
namespace {

// By method of lb.v1 who may call it: an Agent, a Viewer, an Operator, an
// aDministrator, and who comes over Loopback in plaintext.
const std::map<std::string, std::string>& AccessTable() {
  static const auto* const table = new std::map<std::string, std::string>{
      {"AgentService/Connect", "A   L"},
      {"AuditService/ListAuditRecords", " VODL"},
      {"AuditService/VerifyAudit", " VODL"},
      {"BalanceService/PauseBalance", "  ODL"},
      {"BalanceService/ResumeBalance", "  ODL"},
      {"BucketService/PinBucket", "  ODL"},
      {"BucketService/UnpinBucket", "  ODL"},
      {"ControllerService/GetStatus", " VODL"},
      {"ControllerService/BackUp", "   DL"},
      {"ControllerService/Adopt", "   DL"},
      {"EventService/ListEvents", " VODL"},
      {"EventService/WatchEvents", " VODL"},
      {"FlowService/TraceFlow", " VODL"},
      {"FlowService/ListHeaviestFlows", " VODL"},
      {"HostService/ListHosts", " VODL"},
      {"HostService/GetHost", " VODL"},
      {"HostService/WatchHosts", " VODL"},
      {"HostService/ForgetHost", "  ODL"},
      {"LoadService/ListLoads", " VODL"},
      {"LoadService/WatchLoads", " VODL"},
      {"PlanService/ListPlans", " VODL"},
      {"PlanService/GetPlan", " VODL"},
      {"PlanService/ExplainPlan", " VODL"},
      {"PlanService/ReplayPlan", " VODL"},
      {"PlanService/Backtest", " VODL"},
      {"PlanService/ProposePlan", "  ODL"},
      {"PlanService/ApplyPlan", "  ODL"},
      {"PlanService/RollBackPlan", "  ODL"},
      {"PolicyService/GetPolicy", " VODL"},
      {"PolicyService/UpdatePolicy", "   DL"},
      {"PolicyService/DeletePolicy", "   DL"},
      {"ProcessorService/DrainProcessor", "  ODL"},
      {"ProcessorService/UndrainProcessor", "  ODL"}};
  return *table;
}

TEST(AccessTable, HasARowForEveryMethodAndNoOther) {
  std::set<std::string> rows;
  for (const auto& [method, who] : AccessTable())
    rows.insert("lb.v1." + method);
  std::set<std::string> methods;
  for (const auto* method : ApiMethods()) {
    methods.insert(method->service()->full_name() + "/" + method->name());
  }
  EXPECT_EQ(rows, methods);
}

class AccessTableTest : public testing::Test {
 protected:
  AccessTableTest() { api_.Serve(); }

  std::shared_ptr<grpc::Channel> Channel(char who) const {
    switch (who) {
      case 'A':
        return api_.SocketChannel(Role::kAgent);
      case 'V':
        return api_.SocketChannel(Role::kViewer);
      case 'O':
        return api_.SocketChannel(Role::kOperator);
      case 'D':
        return api_.SocketChannel(Role::kAdmin);
      default:
        return api_.LoopbackChannel();
    }
  }

  ApiHarness api_;
};

TEST_F(AccessTableTest, IsWhatTheServerDoes) {
  for (const char who : std::string("AVODL")) {
    const auto channel = Channel(who);
    for (const auto& [method, allowed] : AccessTable()) {
      // An empty request: whoever may ask is told what is wrong with it.
      const RawAnswer answer = AskRaw(channel, "/lb.v1." + method, "");
      const bool denied = !answer.bytes &&
                          answer.status.error_code() == grpc::PERMISSION_DENIED;
      EXPECT_NE(answer.status.error_code(), grpc::UNIMPLEMENTED) << method;
      EXPECT_EQ(!denied, allowed.find(who) != std::string::npos)
          << method << " by " << who << ": " << answer.status.error_message();
      if (denied) {
        EXPECT_EQ(ReasonIn(answer.status), "ROLE_REQUIRED") << method;
        EXPECT_THAT(answer.status.error_message(),
                    testing::HasSubstr("lb.v1." + method + " is refused to"));
      }
    }
  }
}

// Of a change in the audit; of the rest one event for all of them.
TEST_F(AccessTableTest, RefusalsAreKeptNoteOf) {
  const auto viewer = Channel('V');
  AskRaw(viewer, "/lb.v1.ProcessorService/DrainProcessor",
         "\x0a\x14hosts/a/processors/1"
         "\x6a\x03why");
  AskRaw(viewer, "/lb.v1.AgentService/Connect", "");
  AskRaw(viewer, "/lb.v1.AgentService/Connect", "");
  api_.Settle();
  std::size_t audited = 0;
  std::size_t events = 0;
  api_.OnLoop([&] {
    for (const AuditRecord& record : api_.store.audit()) {
      if (record.outcome != "PERMISSION_DENIED") continue;
      ++audited;
      EXPECT_EQ(record.caller, "socket:viewer");
      EXPECT_EQ(record.role, Role::kViewer);
      EXPECT_EQ(record.method, "lb.v1.ProcessorService/DrainProcessor");
      EXPECT_EQ(record.resource, "hosts/a/processors/1");
      EXPECT_EQ(record.reason, "why");
    }
    for (const Event& event : api_.store.events()) {
      if (event.kind != EventKind::kAccessRefused) continue;
      if (event.message.find("refused calls: ") != std::string::npos) {
        ++events;
      }
    }
  });
  EXPECT_EQ(audited, 1U);
  EXPECT_EQ(events, 1U);
}

}  // namespace
}  // namespace lb::controller
