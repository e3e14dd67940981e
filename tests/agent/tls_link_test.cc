// The agent and a controller prove themselves to each other.
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/channel_credentials.h"
#include "agent/grpc_link.h"
#include "agent/tls_files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/agent/test_authority.h"
#include "tests/support/scripted_controller.h"
#include "tests/support/temp_dir.h"

namespace lb::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::seconds kTlsLimit{20};
constexpr char kDomain[] = "lb.test";
constexpr char kController[] = "spiffe://lb.test/controller";
constexpr char kAgent[] = "spiffe://lb.test/agent/alpha";

class TlsLinkTest : public ::testing::Test {
 protected:
  // With a certificate of these names.
  void Listen(const std::vector<std::string>& uris,
              const TestAuthority& authority) {
    const Issued issued = authority.Issue(uris);
    grpc::SslServerCredentialsOptions options(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = authority_.certificate();
    options.pem_key_cert_pairs = {{issued.key, issued.certificate}};
    controller_ = std::make_unique<ScriptedController>(
        "127.0.0.1:0", grpc::SslServerCredentials(options));
  }

  void Renew() {
    const Issued issued = authority_.Issue({kAgent});
    Put(paths_.certificate, issued.certificate);
    Put(paths_.key, issued.key);
    Put(paths_.authorities, authority_.certificate());
  }
  static void Put(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  GrpcLink MakeLink() {
    files_ = std::make_unique<TlsFiles>(*TlsFiles::Open(
        paths_, AgentSpiffeId(kDomain, "alpha"), SystemClock()));
    return GrpcLink(absl::StrCat("ipv4:127.0.0.1:", controller_->port()),
                    inbox_, SystemClock(),
                    [this] { return MutualTls(files_->Latest(), kDomain); });
  }

  // Whether a session comes about.
  bool Connects(GrpcLink& link) {
    Hello hello;
    hello.host = "alpha";
    link.Open(hello);
    // Either the controller gets the Hello, or the agent a LinkDown.
    for (auto left = kTlsLimit; left.count() > 0; --left) {
      if (controller_->Receive(std::chrono::milliseconds(500))) return true;
      if (const auto down = inbox_.Pop(SystemClock().Monotonic() +
                                       std::chrono::milliseconds(500))) {
        why_ = std::string(std::get<LinkDown>(down->message).why.message());
        return false;
      }
    }
    ADD_FAILURE() << "neither a Hello nor a LinkDown";
    return false;
  }

  const TempDir dir_;
  const TlsPaths paths_{dir_.File("cert.pem"), dir_.File("key.pem"),
                        dir_.File("ca.pem")};
  const TestAuthority authority_;
  Inbox inbox_;
  std::string why_;  // of the last LinkDown
  std::unique_ptr<TlsFiles> files_;
  std::unique_ptr<ScriptedController> controller_;
};

TEST_F(TlsLinkTest, BothProveWhoTheyAre) {
  Renew();
  Listen({kController}, authority_);
  GrpcLink link = MakeLink();
  ASSERT_TRUE(Connects(link));
  EXPECT_EQ(controller_->peer(), kAgent);
}

TEST_F(TlsLinkTest, WhoIsNotTheControllerIsRefused) {
  Renew();
  const TestAuthority stranger;
  struct Case {
    std::vector<std::string> uris;
    const TestAuthority& authority;
    std::string says;
  };
  const std::vector<Case> cases = {
      {{"spiffe://lb.test/agent/beta"},
       authority_,
       "who answers is not the controller: it is spiffe://lb.test/agent/beta"},
      {{"spiffe://lb.test/controller/2"}, authority_, "it is spiffe://lb.test"},
      {{"spiffe://other.test/controller"},
       authority_,
       "is not of trust domain"},
      {{kController, "spiffe://lb.test/agent/beta"}, authority_, "2 URI names"},
      {{}, authority_, "0 URI names"},
      {{kController}, stranger, "authority of --tls-ca"},
  };
  for (const Case& c : cases) {
    Listen(c.uris, c.authority);
    GrpcLink link = MakeLink();
    EXPECT_FALSE(Connects(link)) << ::testing::PrintToString(c.uris);
    EXPECT_THAT(why_, StartsWith("cannot reach it at ipv4:127.0.0.1:"));
    EXPECT_THAT(why_, HasSubstr(c.says));
    EXPECT_THAT(why_, HasSubstr("see that it takes TLS there"));
  }
}

TEST_F(TlsLinkTest, PlaintextToItIsRefused) {
  Listen({kController}, authority_);
  GrpcLink link(absl::StrCat("ipv4:127.0.0.1:", controller_->port()), inbox_,
                SystemClock());
  EXPECT_FALSE(Connects(link));
  EXPECT_THAT(why_, HasSubstr("if it takes TLS there, use --tls-cert"));
}

// A stream outlives the certificate it was opened with; the next one has the
// new one. One half of a renewal stops nobody.
TEST_F(TlsLinkTest, ARenewalIsUsedForTheNextSession) {
  Renew();
  Listen({kController}, authority_);
  GrpcLink link = MakeLink();
  ASSERT_TRUE(Connects(link));
  Renew();
  link.Send(AgentEvent{});
  EXPECT_TRUE(controller_->Receive(kTlsLimit)->has_agent_event());
  link.Close();
  Put(paths_.key, authority_.Issue({kAgent}).key);
  EXPECT_TRUE(Connects(link));
  link.Close();
  Renew();
  EXPECT_TRUE(Connects(link));
}

}  // namespace
}  // namespace lb::agent
