// The program as it is run: arguments, exit codes, kill -9 and after.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/store/sqlite.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "lb/v1/agent_service.grpc.pb.h"
#include "lb/v1/event_service.grpc.pb.h"
#include "lb/v1/host_service.grpc.pb.h"
#include "tests/controller/agent_wire.h"
#include "tests/controller/temporary_directory.h"
#include "tests/support/simulated_host.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

// A process whose standard error is read here; killed if it still runs.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    arguments.insert(arguments.begin(), LB_BIN_DIR "/lb-controller");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(ends[1]);
    errors_ = fdopen(ends[0], "r");
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ > 0) {
      Kill(SIGKILL);
      Wait();
    }
    fclose(errors_);
  }

  // Reads standard error up to a line with `words`, or all of it.
  std::string ReadUntil(const std::string& words = "\n\n") {
    std::string text;
    char line[1'024];
    while (fgets(line, sizeof(line), errors_) != nullptr) {
      text += line;
      if (std::string(line).find(words) != std::string::npos) break;
    }
    return text;
  }
  void Kill(int signal) { kill(pid_, signal); }
  // Exit code, or minus the signal that ended it.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_;
  FILE* errors_;
};

class ProgramTest : public testing::Test {
 protected:
  std::vector<std::string> Arguments() const {
    return {"--data-dir",  Data(),        "--insecure-loopback",
            "127.0.0.1:0", "--port-file", directory_.path() + "/port"};
  }
  std::string Data() const { return directory_.path() + "/data"; }
  std::string Address() const {
    std::string port;
    std::ifstream(directory_.path() + "/port") >> port;
    return "127.0.0.1:" + port;
  }

  // One line, and the exit code expected.
  void ExpectRefusal(const std::vector<std::string>& arguments, int code,
                     const std::string& words) {
    Program program(arguments);
    const std::string text = program.ReadUntil();
    EXPECT_EQ(program.Wait(), code) << text;
    EXPECT_THAT(text, testing::StartsWith("lb-controller: error: "));
    EXPECT_THAT(text, HasSubstr(words));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  }

  TemporaryDirectory directory_;
};

TEST_F(ProgramTest, WrongArgumentsAreUsageErrors) {
  const std::string policy = directory_.path() + "/policy.yaml";
  std::ofstream(policy) << "trigger_permille: 5\n";
  ExpectRefusal({"--bogus"}, kExitUsage, "--bogus");
  ExpectRefusal({"--data-dir", Data(), "--insecure-loopback", "0.0.0.0:80"},
                kExitUsage, "not on loopback");
  ExpectRefusal({"--data-dir", Data(), "--run-dir", directory_.path(),
                 "--port-file", "x"},
                kExitUsage, "--insecure-loopback");
  ExpectRefusal({"--data-dir", Data(), "--insecure-loopback", "127.0.0.1:0",
                 "--policy", policy},
                kExitUsage, "trigger is 5 permille; use 1000 to 100000");
  ExpectRefusal({"--data-dir", Data(), "--insecure-loopback", "127.0.0.1:0",
                 "--log-level", "loud"},
                kExitUsage, "loud");
  EXPECT_FALSE(std::filesystem::exists(Data()));
}

TEST_F(ProgramTest, APortOrAStoreInUseLeavesNothingBehind) {
  Program first(Arguments());
  first.ReadUntil("serving");
  ExpectRefusal({"--data-dir", Data() + "2", "--insecure-loopback", Address()},
                kExitFailure, "in use by another process");
  EXPECT_FALSE(std::filesystem::exists(Data() + "2"));
  ExpectRefusal({"--data-dir", Data(), "--insecure-loopback", "127.0.0.1:0"},
                kExitStoreBusy, "is held by another process");
  first.Kill(SIGTERM);
  EXPECT_EQ(first.Wait(), kExitOk);
}

TEST_F(ProgramTest, ADamagedOrNewerStoreIsRefused) {
  {
    Program program(Arguments());
    program.ReadUntil("serving");
    program.Kill(SIGINT);
    EXPECT_EQ(program.Wait(), kExitOk);
  }
  {
    auto db = Connection::Open(Data() + "/control.db", false);
    ASSERT_TRUE(db->Execute("PRAGMA user_version = 7").ok());
  }
  ExpectRefusal(Arguments(), kExitDamagedStore, "has version 7");
  std::ofstream(Data() + "/control.db", std::ios::trunc);
  ExpectRefusal(Arguments(), kExitDamagedStore, "is empty");
}

TEST_F(ProgramTest, HistoryIsWholeAfterKill) {
  SimulatedHost host("a", 2, std::vector<std::uint64_t>(64, 1'000'000));
  for (std::uint64_t term = 1; term <= 3; ++term) {
    Program program(Arguments());
    program.ReadUntil("serving");
    const auto channel =
        grpc::CreateChannel(Address(), grpc::InsecureChannelCredentials());
    v1::ListHostsResponse listed;
    {
      grpc::ClientContext context;
      ASSERT_TRUE(v1::HostService::NewStub(channel)
                      ->ListHosts(&context, {}, &listed)
                      .ok());
    }
    ASSERT_EQ(listed.hosts_size(), term == 1 ? 0 : 1);
    if (term > 1) {
      EXPECT_EQ(listed.hosts(0).name(), "hosts/a");
      EXPECT_EQ(listed.hosts(0).state(), v1::HOST_STATE_DISCONNECTED);
    }
    grpc::ClientContext context;
    const auto stub = v1::AgentService::NewStub(channel);
    const auto stream = stub->Connect(&context);
    ASSERT_TRUE(stream->Write(RequestOf(host.MakeHello())));
    v1::ConnectResponse response;
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.welcome().term(), term);
    // Read from the store, so after the hello's commit; killed right then.
    v1::ListEventsRequest list;
    v1::ListEventsResponse events;
    list.set_parent("hosts/a");
    grpc::ClientContext other;
    ASSERT_TRUE(v1::EventService::NewStub(channel)
                    ->ListEvents(&other, list, &events)
                    .ok());
    ASSERT_GT(events.events_size(), 0);
    EXPECT_EQ(events.events(0).kind(), "HOST_CONNECTED");
    program.Kill(term == 3 ? SIGTERM : SIGKILL);
    while (stream->Read(&response)) {
    }
    stream->Finish();
    EXPECT_EQ(program.Wait(), term == 3 ? kExitOk : -SIGKILL);
  }
}

}  // namespace
}  // namespace lb::controller
