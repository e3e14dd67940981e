// The program as it is run: configuration, exit codes, signals, the service
// manager, kill -9 and after.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/text_file.h"
#include "controller/store/sqlite.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "lb/v1/agent_service.grpc.pb.h"
#include "lb/v1/event_service.grpc.pb.h"
#include "lb/v1/host_service.grpc.pb.h"
#include "lb/v1/policy_service.grpc.pb.h"
#include "tests/controller/agent_wire.h"
#include "tests/support/notify_socket.h"
#include "tests/support/process.h"
#include "tests/support/simulated_host.h"
#include "tests/support/temp_dir.h"

namespace lb::controller {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// Longest wait for anything; far beyond what a loaded machine needs.
constexpr std::chrono::seconds kLimit{60};

using Arguments = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() { Write("config.yaml", ""); }

  std::string File(const std::string& name) const {
    return directory_.File(name);
  }
  std::string Data() const { return File("data"); }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(File(name), std::ios::trunc) << text;
    return File(name);
  }

  // Never with the machine's own configuration file.
  std::unique_ptr<Process> Start(const Arguments& arguments,
                                 const Variables& variables = {}) const {
    Arguments argv = {LB_BIN_DIR "/lb-controller", "--config",
                      File("config.yaml")};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    auto process = Process::Start(argv, variables);
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  }
  // On a port of the kernel's choice, once it is served.
  std::unique_ptr<Process> Serve(const Arguments& more = {},
                                 const Variables& variables = {}) const {
    Arguments arguments = {"--data-dir",  Data(),        "--insecure-loopback",
                           "127.0.0.1:0", "--port-file", File("port")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto process = Start(arguments, variables);
    EXPECT_TRUE(process->WaitForLine("serving plaintext", kLimit))
        << process->err();
    return process;
  }
  static Ended EndOf(Process& process) {
    auto ended = process.Wait(kLimit);
    EXPECT_TRUE(ended.ok()) << ended.status();
    return ended.ok() ? *ended : Ended();
  }
  static Ended Stop(Process& process, int signal = SIGTERM) {
    process.Signal(signal);
    return EndOf(process);
  }

  // One line, and the exit code expected.
  void ExpectRefusal(const Arguments& arguments, int code,
                     const std::string& words,
                     const Variables& variables = {}) const {
    const Ended ended = EndOf(*Start(arguments, variables));
    EXPECT_EQ(ended.exit_code, code) << ended.err;
    EXPECT_THAT(ended.err, MatchesRegex("lb-controller: error: [^\n]*\n"));
    EXPECT_THAT(ended.err, HasSubstr(words));
  }

  std::string Address() const {
    std::string port;
    std::ifstream(File("port")) >> port;
    return "127.0.0.1:" + port;
  }
  std::shared_ptr<grpc::Channel> Channel() const {
    return grpc::CreateChannel(Address(), grpc::InsecureChannelCredentials());
  }
  // Of the controller itself and all hosts, the newest first.
  std::vector<v1::Event> Events(const std::string& parent = "hosts/-") const {
    grpc::ClientContext context;
    v1::ListEventsRequest request;
    v1::ListEventsResponse response;
    request.set_parent(parent);
    const grpc::Status status =
        v1::EventService::NewStub(Channel())->ListEvents(&context, request,
                                                         &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.events().begin(), response.events().end()};
  }
  // The newest event of that kind, once there is one.
  std::string WaitForEvent(const std::string& kind) const {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kLimit);
    v1::WatchEventsRequest request;
    request.set_parent("hosts/-");
    request.set_after_revision(1);
    const auto stream =
        v1::EventService::NewStub(Channel())->WatchEvents(&context, request);
    v1::WatchEventsResponse response;
    while (stream->Read(&response)) {
      if (response.event().kind() == kind) return response.event().message();
    }
    ADD_FAILURE() << "no event " << kind;
    return "";
  }

  const TempDir directory_;
};

TEST_F(ProgramTest, WrongArgumentsAreUsageErrors) {
  ExpectRefusal({"--bogus"}, kExitUsage, "--bogus");
  ExpectRefusal({"--data-dir", Data(), "--insecure-loopback", "0.0.0.0:80"},
                kExitUsage, "not on loopback");
  ExpectRefusal({"--data-dir", Data(), "--run-dir", directory_.path(),
                 "--port-file", "x"},
                kExitUsage, "insecure_loopback");
  ExpectRefusal({"--data-dir", Data(), "--insecure-loopback", "127.0.0.1:0",
                 "--policy", Write("policy.yaml", "trigger_permille: 5\n")},
                kExitUsage, "trigger is 5 permille; use 1000 to 100000");
  ExpectRefusal({"--data-dir", Data(), "--insecure-loopback", "127.0.0.1:0",
                 "--log-level", "loud"},
                kExitUsage, "loud");
  ExpectRefusal({"--data-dir", Data()}, kExitUsage, "LB_CONTROLLER_RUN_DIRR",
                {{"LB_CONTROLLER_RUN_DIRR", "/nowhere"}});
  EXPECT_FALSE(std::filesystem::exists(Data()));
}

TEST_F(ProgramTest, CheckConfigSaysEveryMistakeInALine) {
  Write("config.yaml", "datadir: /d\nlog_level: loud\npolicy: /nowhere\n");
  const Ended ended = EndOf(*Start({"--check-config"}));
  EXPECT_EQ(ended.exit_code, kExitUsage);
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 3);
  EXPECT_THAT(
      ended.err,
      AllOf(
          HasSubstr(File("config.yaml") +
                    ":1: key \"datadir\" is unknown; the nearest is data_dir"),
          HasSubstr(File("config.yaml") + ":2: log level \"loud\""),
          HasSubstr("/nowhere: No such file")));
}

TEST_F(ProgramTest, CheckConfigPassesWhatCanBeRunAndMakesNothing) {
  Write("config.yaml", "data_dir: " + Data() + "\n");
  Ended ended = EndOf(*Start({"--check-config"}));
  EXPECT_EQ(ended.exit_code, kExitOk) << ended.err;
  EXPECT_EQ(ended.out + ended.err, "");
  EXPECT_FALSE(std::filesystem::exists(Data()));
  Write("config.yaml",
        ReadTextFile(LB_SOURCE_DIR "/packaging/config.yaml").value());
  ended = EndOf(*Start({"--check-config"}));
  EXPECT_EQ(ended.exit_code, kExitOk) << ended.err;
}

TEST_F(ProgramTest, SettingsComeFromFileAndEnvironmentToo) {
  Write("config.yaml",
        absl::StrCat("data_dir: ", File("file"), "\ninsecure_loopback: ",
                     "127.0.0.1:0\nport_file: ", File("port"), "\n"));
  const auto program = Start({}, {{"LB_CONTROLLER_DATA_DIR", Data()},
                                  {"LB_CONTROLLER_LOG_LEVEL", "warning"}});
  ASSERT_TRUE(program->WaitForLine("serving plaintext", kLimit));
  EXPECT_TRUE(std::filesystem::exists(Data() + "/control.db"));
  EXPECT_FALSE(std::filesystem::exists(File("file")));
  const Ended ended = Stop(*program);
  EXPECT_EQ(ended.exit_code, kExitOk);
  EXPECT_THAT(ended.err, testing::Not(HasSubstr("info")));
}

TEST_F(ProgramTest, APortInUseLeavesNothingBehind) {
  const auto first = Serve();
  ExpectRefusal({"--data-dir", Data() + "2", "--insecure-loopback", Address()},
                kExitFailure, "in use by another process");
  EXPECT_FALSE(std::filesystem::exists(Data() + "2"));
}

TEST_F(ProgramTest, ASecondControllerNamesTheFirst) {
  const Arguments both = {"--run-dir", File("run")};
  const auto first = Serve(both);
  Arguments arguments = {"--data-dir", Data()};
  arguments.insert(arguments.end(), both.begin(), both.end());
  ExpectRefusal(arguments, kExitStoreBusy,
                absl::StrCat("is held by process ", first->pid(), " since 20"));
  EXPECT_EQ(Stop(*first).exit_code, kExitOk);
}

TEST_F(ProgramTest, ADamagedOrNewerStoreIsRefused) {
  EXPECT_EQ(Stop(*Serve(), SIGINT).exit_code, kExitOk);
  const Arguments again = {"--data-dir", Data(), "--insecure-loopback",
                           "127.0.0.1:0"};
  {
    auto db = Connection::Open(Data() + "/control.db", false);
    ASSERT_TRUE(db->Execute("PRAGMA user_version = 7").ok());
  }
  ExpectRefusal(again, kExitDamagedStore, "has version 7");
  std::ofstream(Data() + "/control.db", std::ios::trunc);
  ExpectRefusal(again, kExitDamagedStore, "is empty");
}

TEST_F(ProgramTest, HistoryIsWholeAfterKill) {
  SimulatedHost host("a", 2, std::vector<std::uint64_t>(64, 1'000'000));
  for (std::uint64_t term = 1; term <= 3; ++term) {
    const auto program = Serve();
    v1::ListHostsResponse listed;
    {
      grpc::ClientContext context;
      ASSERT_TRUE(v1::HostService::NewStub(Channel())
                      ->ListHosts(&context, {}, &listed)
                      .ok());
    }
    ASSERT_EQ(listed.hosts_size(), term == 1 ? 0 : 1);
    if (term > 1) {
      EXPECT_EQ(listed.hosts(0).name(), "hosts/a");
      EXPECT_EQ(listed.hosts(0).state(), v1::HOST_STATE_DISCONNECTED);
    }
    grpc::ClientContext context;
    const auto stub = v1::AgentService::NewStub(Channel());
    const auto stream = stub->Connect(&context);
    ASSERT_TRUE(stream->Write(RequestOf(host.MakeHello())));
    v1::ConnectResponse response;
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.welcome().term(), term);
    // Read from the store, so after the hello's commit; killed right then.
    const std::vector<v1::Event> events = Events("hosts/a");
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events[0].kind(), "HOST_CONNECTED");
    const Ended ended = Stop(*program, term == 3 ? SIGTERM : SIGKILL);
    while (stream->Read(&response)) {
    }
    stream->Finish();
    EXPECT_EQ(ended.signal, term == 3 ? 0 : SIGKILL);
    EXPECT_EQ(ended.exit_code, term == 3 ? kExitOk : -1);
  }
}

TEST_F(ProgramTest, ASignalToStopSaysGoodbyeToAgentsAndEndsWatches) {
  const auto program = Serve();
  const auto channel = Channel();
  SimulatedHost host("a", 2, std::vector<std::uint64_t>(64, 1'000'000));
  grpc::ClientContext agent_context;
  const auto agent_stub = v1::AgentService::NewStub(channel);
  const auto agent = agent_stub->Connect(&agent_context);
  ASSERT_TRUE(agent->Write(RequestOf(host.MakeHello())));
  v1::ConnectResponse response;
  ASSERT_TRUE(agent->Read(&response));
  grpc::ClientContext watch_context;
  v1::WatchEventsRequest request;
  request.set_parent("hosts/-");
  const auto event_stub = v1::EventService::NewStub(channel);
  const auto watch = event_stub->WatchEvents(&watch_context, request);
  v1::WatchEventsResponse event;
  ASSERT_TRUE(watch->Read(&event));

  program->Signal(SIGTERM);
  bool goodbye = false;
  while (agent->Read(&response)) goodbye = goodbye || response.has_go_away();
  EXPECT_TRUE(goodbye);
  EXPECT_EQ(agent->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  while (watch->Read(&event)) {
  }
  EXPECT_EQ(watch->Finish().error_message(), "the controller is stopping");
  EXPECT_EQ(EndOf(*program).exit_code, kExitOk);
}

TEST_F(ProgramTest, AReloadTakesUpWhatCanChangeAndNamesTheRest) {
  Write("policy.yaml", "mode: off\n");
  Write("config.yaml", "policy: " + File("policy.yaml") + "\n");
  const auto program = Serve();
  Write("policy.yaml", "mode: advise\n");
  Write("config.yaml", "policy: " + File("policy.yaml") +
                           "\ntelemetry_limit: 1GiB\nlog_level: warning\n");
  program->Signal(SIGHUP);
  EXPECT_THAT(WaitForEvent("CONFIGURATION_RELOADED"),
              HasSubstr("changes that need a restart: telemetry_limit"));
  EXPECT_THAT(Events().at(1).kind(), "POLICY_CHANGED");
  EXPECT_THAT(Events().at(1).message(), HasSubstr("mode advise"));
  const Ended ended = Stop(*program);
  EXPECT_THAT(ended.err, HasSubstr("need a restart: telemetry_limit"));
  EXPECT_THAT(ended.err, testing::Not(HasSubstr("stopping")));  // an info
}

TEST_F(ProgramTest, AReloadLeavesAPolicyAloneWhoseFileDidNotChange) {
  const auto program = Serve({"--policy", Write("policy.yaml", "mode: off\n")});
  v1::UpdatePolicyRequest request;
  request.set_name("policies/default");
  request.mutable_policy()->set_mode(v1::MODE_ADVISE);
  request.mutable_update_mask()->add_paths("mode");
  v1::UpdatePolicyResponse response;
  grpc::ClientContext context;
  const grpc::Status status =
      v1::PolicyService::NewStub(Channel())->UpdatePolicy(&context, request,
                                                          &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  program->Signal(SIGHUP);
  WaitForEvent("CONFIGURATION_RELOADED");
  // Between the two is nothing.
  EXPECT_EQ(Events().at(1).kind(), "POLICY_CHANGED");
  EXPECT_EQ(Events().at(1).revision(), response.receipt().revision());
}

TEST_F(ProgramTest, ABadReloadChangesNothing) {
  Write("policy.yaml", "mode: off\n");
  Write("config.yaml", "policy: " + File("policy.yaml") + "\n");
  const auto program = Serve();
  Write("policy.yaml", "mode: advise\n");
  Write("config.yaml",
        "policy: " + File("policy.yaml") + "\nlog_levle: debug\n");
  program->Signal(SIGHUP);
  EXPECT_THAT(WaitForEvent("CONFIGURATION_REFUSED"),
              HasSubstr(":2: key \"log_levle\" is unknown; the nearest is "
                        "log_level"));
  EXPECT_TRUE(program->WaitForLine(
      "the configuration from before stays in force", kLimit));
  EXPECT_THAT(Events().at(1).message(), HasSubstr("mode off"));
  // And a good one is taken up afterwards.
  Write("config.yaml", "policy: " + File("policy.yaml") + "\n");
  program->Signal(SIGHUP);
  WaitForEvent("CONFIGURATION_RELOADED");
  EXPECT_THAT(Events().at(1).message(), HasSubstr("mode advise"));
}

TEST_F(ProgramTest, TheServiceManagerIsToldHowItGetsOn) {
  const NotifySocket socket(File("notify"));
  const auto program = Serve(
      {}, {{"NOTIFY_SOCKET", socket.path()}, {"WATCHDOG_USEC", "300000"}});
  EXPECT_EQ(socket.NextWith("STATUS=", kLimit),
            "STATUS=ACTIVE: 0 of 0 hosts are connected, term 1");
  EXPECT_EQ(socket.NextWith("READY=", kLimit), "READY=1");
  EXPECT_EQ(socket.NextWith("WATCHDOG=", kLimit), "WATCHDOG=1");
  EXPECT_EQ(socket.NextWith("WATCHDOG=", kLimit), "WATCHDOG=1");
  program->Signal(SIGHUP);
  EXPECT_THAT(socket.NextWith("RELOADING=", kLimit),
              MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
  EXPECT_EQ(socket.NextWith("READY=", kLimit), "READY=1");
  program->Signal(SIGTERM);
  EXPECT_EQ(socket.NextWith("STOPPING=", kLimit), "STOPPING=1");
  EXPECT_EQ(EndOf(*program).exit_code, kExitOk);
}

class TlsProgramTest : public ProgramTest {
 protected:
  TlsProgramTest() {
    const auto made = RunProgram({LB_SOURCE_DIR "/scripts/dev-certs",
                                  File("certs"), "--user", "alice:admin"},
                                 kLimit);
    EXPECT_TRUE(made.ok() && made->exit_code == 0);
    Configure(Cert("controller.key"));
  }
  std::string Cert(const std::string& name) const {
    return File("certs") + "/" + name;
  }
  void Configure(const std::string& key) const {
    Write("config.yaml",
          absl::StrCat(
              "tls:\n  address: 127.0.0.1:0\n  cert: ", Cert("controller.crt"),
              "\n  key: ", key, "\n  ca: ", Cert("ca.crt"),
              "\n  trust_domain: lb.example.com\n  roles: ", Cert("roles.yaml"),
              "\n"));
  }
};

TEST_F(TlsProgramTest, CheckConfigLooksIntoCertificatesAndRoles) {
  EXPECT_EQ(EndOf(*Start({"--check-config"})).exit_code, kExitOk);
  Configure(Cert("user-alice.key"));
  ExpectRefusal({"--check-config"}, kExitUsage, "key");
  Configure(Cert("missing.key"));
  ExpectRefusal({"--check-config"}, kExitUsage, "missing.key: No such file");
  Configure(Cert("controller.key"));
  std::ofstream(Cert("roles.yaml")) << "users:\n  alice: root\n";
  ExpectRefusal({"--check-config"}, kExitUsage, "root");
}

TEST_F(TlsProgramTest, WhatIsServedIsAuditedAndItsHeadLogged) {
  const auto program = Serve();
  EXPECT_TRUE(program->WaitForLine("serving mutual TLS", kLimit));
  EXPECT_TRUE(program->WaitForLine("audit head 1:", kLimit)) << program->err();
  std::ofstream(Cert("roles.yaml")) << "users:\n  alice: viewer\n";
  program->Signal(SIGHUP);
  WaitForEvent("CONFIGURATION_RELOADED");
  // The last head is logged at the end.
  const Ended ended = Stop(*program);
  EXPECT_EQ(ended.exit_code, kExitOk);
  EXPECT_THAT(ended.err, HasSubstr("audit head 2:"));
}

TEST_F(TlsProgramTest, AReloadWithBadRolesIsRefused) {
  const auto program = Serve();
  std::ofstream(Cert("roles.yaml")) << "users:\n  alice: root\n";
  program->Signal(SIGHUP);
  EXPECT_THAT(WaitForEvent("CONFIGURATION_REFUSED"), HasSubstr("root"));
}

}  // namespace
}  // namespace lb::controller
