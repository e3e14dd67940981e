#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/v1/controller_service.pb.h"
#include "tests/cli/online_fixture.h"

namespace lb::cli {
namespace {

class ControllerCommandTest : public OnlineTest {};

TEST_F(ControllerCommandTest, StatusShowsEverything) {
  v1::GetStatusResponse status;
  status.set_state(v1::CONTROLLER_STATE_FENCED);
  status.set_reason("a backup");
  status.set_software_version("0.1.0");
  status.set_store_id("6f1c");
  status.set_term(3);
  status.set_revision(1'234);
  status.mutable_start_time()->set_seconds(kNow - 60);
  status.set_hosts(3);
  status.set_connected_hosts(2);
  status.set_fenced_hosts(1);
  status.set_audit_sequence(57);
  status.set_audit_hash("ab12");
  v1::Listener* listener = status.add_listeners();
  listener->set_address("10.0.0.1:7443");
  listener->set_kind("mTLS");
  status.set_caller("user/alice");
  status.set_caller_role(v1::ROLE_ADMIN);
  status.set_control_db_bytes(1'500'000);
  api_.On<v1::GetStatusRequest>(status);
  Serve();
  const CommandResult result = Run({"controller", "status"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out,
            "State:       fenced\n"
            "Reason:      a backup\n"
            "Paused:      -\n"
            "Version:     0.1.0\n"
            "Started:     1m00s ago\n"
            "Hosts:       3, 2 connected, 1 fenced, 0 with a plan in flight\n"
            "Store:       6f1c, term 3, revision 1234\n"
            "Files:       control.db 1.50M bytes, telemetry.db 0 bytes, 0 "
            "samples not kept\n"
            "Audit head:  57:ab12\n"
            "Listener:    10.0.0.1:7443, mTLS\n"
            "You are:     user/alice, admin\n");
  EXPECT_EQ(RunJson({"controller", "status"})["state"],
            "CONTROLLER_STATE_FENCED");
}

}  // namespace
}  // namespace lb::cli
