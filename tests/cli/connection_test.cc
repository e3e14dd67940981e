#include "cli/connection.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/v1/host_service.pb.h"
#include "lb/v1/processor_service.pb.h"
#include "tests/cli/online_fixture.h"
#include "tests/cli/test_authority.h"

namespace lb::cli {
namespace {

using std::chrono::seconds;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

class ConnectionTest : public OnlineTest {
 protected:
  void AnswerGetHost(const absl::Status& status) {
    api_.On<v1::GetHostRequest>([status](const v1::GetHostRequest&) {
      return status.ok() ? FakeAnswer(v1::GetHostResponse())
                         : FakeAnswer(status);
    });
  }
};

TEST_F(ConnectionTest, AnUnreachableControllerIsNamedAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  const CommandResult result = Run({"host", "list", "-o", "json"});
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err,
              MatchesRegex("lbctl: error: cannot reach the controller at " +
                           address_ + " [^\n]*start lb-controller[^\n]*\n"));
}

// Accepts connections as a stopped process does, and reads nothing.
class SilentListener {
 public:
  explicit SilentListener(const std::string& path)
      : socket_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address),  // NOLINT
                   sizeof address),
              0);
    EXPECT_EQ(listen(socket_, 8), 0);
  }
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;
  ~SilentListener() { close(socket_); }

 private:
  const int socket_;
};

TEST_F(ConnectionTest, AControllerThatHangsIsWaitedForAsLongAsAsked) {
  const SilentListener listener(dir_.File("v.sock"));
  const CommandResult result = Run({"host", "list", "--timeout", "0.05"});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_EQ(result.err,
            "lbctl: error: the controller at " + address_ +
                " is there but gave no answer within 0.05 s; see that it is "
                "not stopped, or raise --timeout\n");
}

TEST_F(ConnectionTest, NothingIsUnknownAboutWhatNobodyWasAsked) {
  const CommandResult result = Run({"processor", "drain", "a", "1"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("cannot reach the controller"));
  EXPECT_THAT(result.err, Not(HasSubstr("--request-id")));
}

TEST_F(ConnectionTest, EveryAnswerHasItsExitCode) {
  const std::vector<std::pair<absl::Status, int>> cases = {
      {absl::OkStatus(), 0},
      {absl::InternalError("why"), 1},
      {absl::OutOfRangeError("why"), 1},
      {absl::InvalidArgumentError("why"), 2},
      {absl::NotFoundError("why"), 3},
      {absl::PermissionDeniedError("why"), 4},
      {absl::UnauthenticatedError("why"), 4},
      {absl::AbortedError("why"), 5},
      {absl::AlreadyExistsError("why"), 5},
      {absl::FailedPreconditionError("why"), 5},
      {absl::DeadlineExceededError("why"), 6},
      {absl::UnavailableError("why"), 7},
  };
  absl::Status answer;
  api_.On<v1::GetHostRequest>([&](const v1::GetHostRequest&) {
    return answer.ok() ? FakeAnswer(v1::GetHostResponse()) : FakeAnswer(answer);
  });
  Serve();
  for (const auto& [status, exit_code] : cases) {
    answer = status;
    const CommandResult result = Run({"host", "show", "a"});
    SCOPED_TRACE(status.ToString());
    EXPECT_EQ(result.exit_code, exit_code);
    if (status.ok()) continue;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, MatchesRegex("lbctl: error: [^\n]+\n"));
  }
}

TEST_F(ConnectionTest, NothingATerminalWouldObeyIsInAnError) {
  AnswerGetHost(absl::NotFoundError("no \x1b[31mhost\n"));
  Serve();
  EXPECT_EQ(Run({"host", "show", "a"}).err, "lbctl: error: no ?[31mhost \n");
}

TEST_F(ConnectionTest, AControllerThatIsTooSlow) {
  api_.On<v1::DrainProcessorRequest>(FakeAnswer::None());
  Serve();
  const CommandResult result = Run({"processor", "drain", "a", "1", "--timeout",
                                    "0.05", "--request-id", "x1"});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.err, HasSubstr("gave no answer in time"));
  EXPECT_THAT(result.err, HasSubstr("--request-id x1 does it once\n"));
}

TEST_F(ConnectionTest, AHostThatIsTooSlowIsNotTheController) {
  AnswerGetHost(absl::DeadlineExceededError("host a did not answer in 5 s"));
  Serve();
  const CommandResult result = Run({"host", "show", "a"});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_EQ(result.err, "lbctl: error: host a did not answer in 5 s\n");
}

TEST_F(ConnectionTest, ACallThatBreaksIsSentOnceMoreUnderOneId) {
  std::vector<std::string> ids;
  int failures = 1;
  api_.On<v1::DrainProcessorRequest>(
      [&](const v1::DrainProcessorRequest& request) {
        ids.push_back(request.request_id());
        return failures-- > 0
                   ? FakeAnswer(absl::UnavailableError("shutting down"))
                   : FakeAnswer(v1::DrainProcessorResponse());
      });
  Serve();
  EXPECT_EQ(Run({"processor", "drain", "a", "1"}).exit_code, 0);
  ASSERT_THAT(ids, SizeIs(2));
  EXPECT_NE(ids[0], "");
  EXPECT_EQ(ids[0], ids[1]);
  ids.clear();
  failures = 2;
  const CommandResult result =
      Run({"processor", "drain", "a", "1", "--request-id", "x1"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(ids, SizeIs(2));
  EXPECT_THAT(ids, Each("x1"));
  EXPECT_THAT(result.err, HasSubstr("--request-id x1 does it once\n"));
  // Nothing is unknown about what was not to be done.
  failures = 2;
  EXPECT_THAT(Run({"processor", "drain", "a", "1", "--dry-run"}).err,
              Not(HasSubstr("--request-id")));
}

TEST_F(ConnectionTest, AnOlderControllerIsSuspected) {
  Serve();
  const CommandResult result = Run({"host", "show", "a"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("is it older than this program?"));
}

TEST_F(ConnectionTest, WithoutATargetTheSocketsOfTheRunDirectoryAreUsed) {
  AnswerGetHost(absl::OkStatus());
  api_.On<v1::DrainProcessorRequest>(v1::DrainProcessorResponse());
  api_.Serve({.address = "unix:" + dir_.File("operator.sock")});
  const std::vector<std::string> drain = {"processor", "drain",    "a", "1",
                                          "--run-dir", dir_.path()};
  EXPECT_EQ(RunBare(drain).exit_code, 0);
  const CommandResult viewer =
      RunBare({"host", "show", "a", "--run-dir", dir_.path()});
  EXPECT_EQ(viewer.exit_code, 7);
  EXPECT_THAT(viewer.err, HasSubstr(dir_.File("viewer.sock")));
  setenv("LBCTL_RUN_DIR", dir_.path().c_str(), 1);
  EXPECT_EQ(RunBare({"processor", "drain", "a", "1"}).exit_code, 0);
  unsetenv("LBCTL_RUN_DIR");
}

TEST_F(ConnectionTest, FlagsMayComeBeforeOrAfterTheCommand) {
  AnswerGetHost(absl::OkStatus());
  Serve();
  setenv("LBCTL_CONTROLLER", address_.c_str(), 1);
  EXPECT_EQ(RunBare({"host", "show", "a"}).exit_code, 0);
  setenv("LBCTL_CONTROLLER", "unix:/nobody/here", 1);  // flags go first
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"--controller", address_, "host", "show", "a"},
           {"host", "--controller", address_, "show", "a"},
           {"host", "show", "a", "--controller", address_}}) {
    EXPECT_EQ(RunBare(arguments).exit_code, 0);
  }
  unsetenv("LBCTL_CONTROLLER");
  EXPECT_THAT(RunBare({"host", "list", "--help"}).out,
              HasSubstr("\nConnection:\n  --controller TARGET"));
}

class TlsTest : public ConnectionTest {
 protected:
  void SetUp() override { AnswerGetHost(absl::OkStatus()); }

  void ServeAs(const TestAuthority::Identity& identity) {
    api_.Serve({.address = "127.0.0.1:0",
                .certificate = identity.certificate,
                .key = identity.key,
                .client_ca = authority_.certificate(),
                .port = &port_});
  }

  CommandResult RunAs(const TestAuthority::Identity& user) {
    std::ofstream(dir_.File("ca.pem")) << authority_.certificate();
    std::ofstream(dir_.File("cert.pem")) << user.certificate;
    std::ofstream(dir_.File("key.pem")) << user.key;
    return RunBare({"host", "show", "a", "--controller",
                    "127.0.0.1:" + std::to_string(port_), "--tls-ca",
                    dir_.File("ca.pem"), "--tls-cert", dir_.File("cert.pem"),
                    "--tls-key", dir_.File("key.pem"), "--trust-domain",
                    "example.org"});
  }

  const TestAuthority authority_;
  const TestAuthority::Identity alice_ =
      authority_.Issue("spiffe://example.org/user/alice");
  int port_ = 0;
};

TEST_F(TlsTest, TheControllerOfTheDomainIsTrusted) {
  ServeAs(authority_.Issue("spiffe://example.org/controller"));
  const CommandResult result = RunAs(alice_);
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST_F(TlsTest, NobodyElseIs) {
  ServeAs(authority_.Issue("spiffe://example.org/agent/controller"));
  const CommandResult result = RunAs(alice_);
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.err,
            "lbctl: error: the peer is spiffe://example.org/agent/controller, "
            "not spiffe://example.org/controller; see --trust-domain\n");
}

TEST_F(TlsTest, NorOneWithTwoNames) {
  ServeAs(
      authority_.Issue("spiffe://example.org/controller,URI:"
                       "spiffe://example.org/agent/a"));
  EXPECT_THAT(RunAs(alice_).err, HasSubstr("the peer is spiffe://example.org/"
                                           "controller, spiffe://"));
}

TEST_F(TlsTest, NorOneOfAnotherAuthority) {
  ServeAs(TestAuthority().Issue("spiffe://example.org/controller"));
  const CommandResult result = RunAs(alice_);
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("authority of --tls-ca"));
  EXPECT_THAT(result.err, Not(HasSubstr("start lb-controller")));
}

TEST_F(TlsTest, AUserOfAnotherAuthorityIsRefused) {
  ServeAs(authority_.Issue("spiffe://example.org/controller"));
  const CommandResult result =
      RunAs(TestAuthority().Issue("spiffe://example.org/user/alice"));
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("authority of --tls-ca"));
}

TEST_F(TlsTest, PlaintextToItIsRefused) {
  ServeAs(authority_.Issue("spiffe://example.org/controller"));
  const CommandResult result =
      RunBare({"host", "show", "a", "--insecure-loopback", "--controller",
               "127.0.0.1:" + std::to_string(port_)});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("if it takes TLS there, use --tls-cert"));
}

TEST_F(TlsTest, AUserWhoseCertificateHasExpiredIsTold) {
  ServeAs(authority_.Issue("spiffe://example.org/controller"));
  const CommandResult result = RunAs(authority_.Issue(
      "spiffe://example.org/user/alice", TestAuthority::kPast));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("cert.pem has expired"));
}

TEST_F(TlsTest, FilesThatCannotBeUsedAreNamed) {
  ServeAs(authority_.Issue("spiffe://example.org/controller"));
  const CommandResult text = RunAs({"no certificate", alice_.key});
  EXPECT_EQ(text.exit_code, 2);
  EXPECT_THAT(text.err, ContainsRegex("cert.pem is not a PEM file\n"));
  const CommandResult mismatch =
      RunAs({alice_.certificate,
             authority_.Issue("spiffe://example.org/user/bob").key});
  EXPECT_EQ(mismatch.exit_code, 2);
  EXPECT_THAT(mismatch.err, HasSubstr("is not the key of"));
  const CommandResult missing = RunBare(
      {"host", "list", "--controller", "127.0.0.1:" + std::to_string(port_),
       "--tls-ca", "/no/ca.pem", "--tls-cert", "/no/cert.pem", "--tls-key",
       "/no/key.pem", "--trust-domain", "example.org"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_EQ(missing.err,
            "lbctl: error: /no/ca.pem: No such file or directory\n");
}

}  // namespace
}  // namespace lb::cli
