#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/v1/audit_service.pb.h"
#include "tests/cli/online_fixture.h"

namespace lb::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class AuditCommandTest : public OnlineTest {};

TEST_F(AuditCommandTest, ListShowsWhoDidWhat) {
  api_.On<v1::ListAuditRecordsRequest>(
      [&](const v1::ListAuditRecordsRequest& request) {
        EXPECT_EQ(request.page_size(), 50);
        v1::ListAuditRecordsResponse response;
        v1::AuditRecord* done = response.add_records();
        done->set_sequence(58);
        done->mutable_time()->set_seconds(kNow);
        done->set_caller("socket:operator");
        done->set_method("lb.v1.ProcessorService/DrainProcessor");
        done->set_resource("hosts/edge-1/processors/3");
        done->set_outcome("OK");
        done->set_reason("maintenance");
        v1::AuditRecord* refused = response.add_records();
        refused->set_sequence(57);
        refused->set_outcome("PERMISSION_DENIED");
        refused->set_reason("because");
        refused->set_error("needs operator");
        return FakeAnswer(response);
      });
  Serve();
  const CommandResult result = Run({"audit", "list"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out,
              ContainsRegex("\n +58  2026-01-01T00:00:00.000Z  socket:operator "
                            "+DrainProcessor +hosts/edge-1/processors/3 +OK "
                            "+maintenance\n"));
  EXPECT_THAT(result.out,
              ContainsRegex("\n +57 .* PERMISSION_DENIED +needs operator\n$"));
  EXPECT_EQ(RunJson({"audit", "list"})["records"][0]["method"],
            "lb.v1.ProcessorService/DrainProcessor");
}

TEST_F(AuditCommandTest, VerifyExitsWithZeroOnlyIfTheChainHolds) {
  bool holds = true;
  v1::VerifyAuditRequest asked;
  api_.On<v1::VerifyAuditRequest>([&](const v1::VerifyAuditRequest& request) {
    asked = request;
    v1::VerifyAuditResponse response;
    response.set_first_sequence(1);
    response.set_last_sequence(58);
    response.set_last_hash("ab12");
    return holds ? FakeAnswer(response)
                 : FakeAnswer(absl::DataLossError("record 7 does not fit"));
  });
  Serve();
  EXPECT_EQ(Run({"audit", "verify"}).out,
            "The chain holds, from record 1 to 58.\nHead: 58:ab12\n");
  EXPECT_EQ(asked.sequence(), 0u);
  EXPECT_THAT(Run({"audit", "verify", "--head", "57:cd34"}).out,
              HasSubstr("to 58, and has the given head.\n"));
  EXPECT_EQ(asked.sequence(), 57u);
  EXPECT_EQ(asked.hash(), "cd34");
  EXPECT_EQ(RunJson({"audit", "verify"})["last_hash"], "ab12");
  holds = false;
  const CommandResult broken = Run({"audit", "verify", "-o", "json"});
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_EQ(broken.out, "");
  EXPECT_EQ(broken.err, "lbctl: error: record 7 does not fit\n");
}

TEST_F(AuditCommandTest, WrongArguments) {
  ExpectUsageErrors({{"audit", "verify", "--head", "57"},
                     {"audit", "verify", "--head", "57:"},
                     {"audit", "verify", "--head", "0:ab"},
                     {"audit", "verify", "--head", ":ab"}});
}

}  // namespace
}  // namespace lb::cli
