// The API over mutual TLS: who gets in, as whom, and for how long.
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "grpcpp/security/credentials.h"
#include "lb/v1/controller_service.grpc.pb.h"
#include "lb/v1/event_service.grpc.pb.h"
#include "lb/v1/processor_service.grpc.pb.h"
#include "tests/controller/api_harness.h"
#include "tests/controller/scripted_agent.h"
#include "tests/controller/tls_directory.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

constexpr char kAgentA[] = "spiffe://lb.example/agent/a";
constexpr char kAlice[] = "spiffe://lb.example/user/alice";

SimulatedHost SomeHost(const std::string& name) {
  return SimulatedHost(name, 4, std::vector<std::uint64_t>(256, 1'000'000));
}

class MtlsTest : public testing::Test {
 protected:
  MtlsTest() { api_.Serve(files_.Options()); }

  // A connection of its own, which trusts `authorities`.
  std::shared_ptr<grpc::Channel> Channel(const IssuedCertificate& own,
                                         const std::string& authorities) {
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("localhost");
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        "127.0.0.1:" + std::to_string(api_.server->tls_port()),
        grpc::SslCredentials({authorities, own.key, own.certificate}),
        arguments);
  }
  std::shared_ptr<grpc::Channel> Channel(const IssuedCertificate& own) {
    return Channel(own, files_.authority.certificate());
  }
  std::shared_ptr<grpc::Channel> ChannelOf(const std::string& uri) {
    return Channel(files_.authority.IssueFor(uri));
  }

  static grpc::Status GetStatus(const std::shared_ptr<grpc::Channel>& channel,
                                v1::GetStatusResponse* response = nullptr) {
    v1::GetStatusResponse ignored;
    grpc::ClientContext context;
    return v1::ControllerService::NewStub(channel)->GetStatus(
        &context, {}, response == nullptr ? &ignored : response);
  }
  static grpc::Status Drain(const std::shared_ptr<grpc::Channel>& channel) {
    v1::DrainProcessorRequest request;
    request.set_name("hosts/a/processors/1");
    v1::DrainProcessorResponse response;
    grpc::ClientContext context;
    return v1::ProcessorService::NewStub(channel)->DrainProcessor(
        &context, request, &response);
  }

  TlsDirectory files_;
  ApiHarness api_;
};

TEST_F(MtlsTest, AUserHasTheRoleOfTheFile) {
  v1::GetStatusResponse status;
  ASSERT_TRUE(GetStatus(ChannelOf(kAlice), &status).ok());
  EXPECT_EQ(status.caller(), "user/alice");
  EXPECT_EQ(status.caller_role(), v1::ROLE_ADMIN);
  EXPECT_EQ(status.listeners_size(), 6);
  EXPECT_EQ(status.listeners(5).kind(), "mTLS");
  EXPECT_EQ(status.listeners(5).address(),
            "127.0.0.1:" + std::to_string(api_.server->tls_port()));
  // Allowed, and there is no such host.
  EXPECT_EQ(Drain(ChannelOf("spiffe://lb.example/user/olga")).error_code(),
            grpc::NOT_FOUND);
  EXPECT_EQ(Drain(ChannelOf("spiffe://lb.example/user/bob")).error_code(),
            grpc::PERMISSION_DENIED);
}

TEST_F(MtlsTest, WhoHasNoRoleMayDoNothing) {
  for (const char* uri : {"spiffe://lb.example/user/eve",
                          "spiffe://lb.example/controller", kAgentA}) {
    const grpc::Status status = GetStatus(ChannelOf(uri));
    EXPECT_EQ(status.error_code(), grpc::PERMISSION_DENIED) << uri;
    EXPECT_EQ(ReasonIn(status), "ROLE_REQUIRED") << uri;
  }
  ScriptedAgent administrator(ChannelOf(kAlice));
  EXPECT_EQ(administrator.Finish().error_code(), grpc::PERMISSION_DENIED);
}

TEST_F(MtlsTest, ACertificateWithoutExactlyOneNameOfOursIsNobody) {
  for (const char* names :
       {"DNS:localhost", "URI:spiffe://other/user/alice",
        "URI:spiffe://lb.example/user/alice,URI:spiffe://lb.example/user/bob",
        "URI:spiffe://lb.example/user/alice/x"}) {
    const auto channel = Channel(files_.authority.Issue({.names = names}));
    const grpc::Status status = GetStatus(channel);
    EXPECT_EQ(status.error_code(), grpc::UNAUTHENTICATED) << names;
    EXPECT_EQ(ReasonIn(status), "BAD_CERTIFICATE") << names;
    EXPECT_THAT(status.error_message(), HasSubstr("URI")) << names;
    // Health is told to everybody who has shown a certificate.
    EXPECT_EQ(AskRaw(channel, "/grpc.health.v1.Health/Check", "").bytes,
              std::string("\x08\x01"))
        << names;
  }
}

TEST_F(MtlsTest, AWrongAnExpiredAndAMissingCertificateDoNotConnect) {
  const TestAuthority stranger;
  const CertificateWish expired{.names = std::string("URI:") + kAlice,
                                .begins = std::chrono::hours(-9),
                                .ends = std::chrono::hours(-8)};
  for (const IssuedCertificate& own :
       {stranger.IssueFor(kAlice), files_.authority.Issue(expired),
        IssuedCertificate()}) {
    EXPECT_EQ(GetStatus(Channel(own)).error_code(), grpc::UNAVAILABLE);
  }
  // Nor does who speaks plaintext.
  EXPECT_EQ(
      GetStatus(grpc::CreateChannel(
                    "127.0.0.1:" + std::to_string(api_.server->tls_port()),
                    grpc::InsecureChannelCredentials()))
          .error_code(),
      grpc::UNAVAILABLE);
}

TEST_F(MtlsTest, AnAgentSpeaksForItsOwnHostOnly) {
  ScriptedAgent own(ChannelOf(kAgentA));
  ASSERT_TRUE(own.Say(SomeHost("a").MakeHello()));
  EXPECT_TRUE(own.Hear().has_welcome());
  ScriptedAgent foreign(ChannelOf(kAgentA));
  ASSERT_TRUE(foreign.Say(SomeHost("b").MakeHello()));
  const grpc::Status status = foreign.Finish();
  EXPECT_EQ(status.error_code(), grpc::PERMISSION_DENIED);
  EXPECT_EQ(ReasonIn(status), "FOREIGN_HOST");
  EXPECT_THAT(status.error_message(), HasSubstr("\"b\""));
}

TEST_F(MtlsTest, ThereIsNoReflection) {
  EXPECT_EQ(
      AskRaw(ChannelOf(kAlice),
             "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
             std::string("\x3a\x00", 2))
          .status.error_code(),
      grpc::UNIMPLEMENTED);
}

TEST_F(MtlsTest, WhoseCertificateExpiresIsCutOff) {
  const auto channel = ChannelOf(kAgentA);
  ScriptedAgent agent(channel);
  ASSERT_TRUE(agent.Say(SomeHost("a").MakeHello()));
  ASSERT_TRUE(agent.Hear().has_welcome());
  const auto user = ChannelOf(kAlice);
  ASSERT_TRUE(GetStatus(user).ok());
  api_.Advance(std::chrono::hours(25));
  const grpc::Status status = agent.Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAUTHENTICATED);
  EXPECT_EQ(ReasonIn(status), "CERTIFICATE_EXPIRED");
  // The connection is there still, and gives no right any more.
  EXPECT_EQ(GetStatus(user).error_code(), grpc::UNAUTHENTICATED);
}

TEST_F(MtlsTest, AReloadChangesRolesAndClosesStreamsThatLoseThem) {
  const auto bob = ChannelOf("spiffe://lb.example/user/bob");
  grpc::ClientContext context;
  v1::WatchEventsRequest request;
  request.set_parent("hosts/-");
  const auto watch =
      v1::EventService::NewStub(bob)->WatchEvents(&context, request);
  v1::WatchEventsResponse response;
  ASSERT_TRUE(watch->Read(&response));
  ScriptedAgent agent(ChannelOf(kAgentA));
  ASSERT_TRUE(agent.Say(SomeHost("a").MakeHello()));
  ASSERT_TRUE(agent.Hear().has_welcome());

  // Bad files change nothing, and say so.
  files_.Write("roles.yaml", "users: {bob: nothing}");
  const absl::Status bad = api_.server->Reload();
  EXPECT_TRUE(absl::IsInvalidArgument(bad)) << bad;
  EXPECT_TRUE(GetStatus(bob).ok());

  files_.Write("roles.yaml", "users: {alice: admin}");
  const absl::Status good = api_.server->Reload();
  EXPECT_TRUE(good.ok()) << good;
  while (watch->Read(&response)) {
  }
  EXPECT_EQ(watch->Finish().error_code(), grpc::PERMISSION_DENIED);
  EXPECT_EQ(GetStatus(bob).error_code(), grpc::PERMISSION_DENIED);
  // The agent's stream has seen nothing of it.
  SimulatedHost host = SomeHost("a");
  EXPECT_TRUE(agent.SayReport(host));
  EXPECT_TRUE(agent.Leave().ok());

  api_.OnLoop([this] {
    const AuditRecord& record = api_.store.audit().back();
    EXPECT_EQ(record.resource, "access");
    EXPECT_THAT(record.before, HasSubstr("\"bob\":\"viewer\""));
    EXPECT_THAT(record.after, testing::Not(HasSubstr("bob")));
    // Once at the start, and once by the reload that did something.
    EXPECT_EQ(api_.store.Count(EventKind::kAccessChanged), 2U);
  });
}

// The controller gets a certificate of another authority, and so do its peers:
// from then on it trusts, and is trusted, under the new one only.
TEST_F(MtlsTest, CertificatesAreRotatedWhileAStreamLives) {
  ScriptedAgent agent(ChannelOf(kAgentA));
  ASSERT_TRUE(agent.Say(SomeHost("a").MakeHello()));
  ASSERT_TRUE(agent.Hear().has_welcome());

  const TestAuthority fresh;
  // Files that do not fit together are not used: new handshakes succeed.
  files_.Write("cert.pem",
               fresh.IssueFor("spiffe://lb.example/controller").certificate);
  EXPECT_FALSE(api_.server->Reload().ok());
  EXPECT_TRUE(GetStatus(ChannelOf(kAlice)).ok());

  files_.WriteIdentity(fresh.IssueFor("spiffe://lb.example/controller"));
  files_.Write("ca.pem", fresh.certificate());
  const absl::Status reloaded = api_.server->Reload();
  ASSERT_TRUE(reloaded.ok()) << reloaded;
  const IssuedCertificate alice = fresh.IssueFor(kAlice);
  // gRPC looks at the copies once a second.
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!GetStatus(Channel(alice, fresh.certificate())).ok()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
  EXPECT_EQ(GetStatus(ChannelOf(kAlice)).error_code(), grpc::UNAVAILABLE);

  SimulatedHost host = SomeHost("a");
  EXPECT_TRUE(agent.SayReport(host));
  EXPECT_TRUE(agent.Leave().ok());
}

}  // namespace
}  // namespace lb::controller
