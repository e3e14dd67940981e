#include "agent/tls_files.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/agent/test_authority.h"
#include "tests/support/temp_dir.h"

namespace lb::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest() {
    Write(issued_);
    Put(paths_.authorities, authority_.certificate());
  }

  static void Put(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  void Write(const Issued& issued) {
    Put(paths_.certificate, issued.certificate);
    Put(paths_.key, issued.key);
  }
  Issued IssueFor(const std::vector<std::string>& uris, int days = 1) {
    return authority_.Issue(uris, days);
  }
  std::string Refusal() {
    const absl::Status status =
        ReadTlsFiles(paths_, self_, SystemClock().Wall()).status();
    EXPECT_FALSE(status.ok());
    return std::string(status.message());
  }

  const TempDir dir_;
  const TlsPaths paths_{dir_.File("cert.pem"), dir_.File("key.pem"),
                        dir_.File("ca.pem")};
  const SpiffeId self_ = AgentSpiffeId("lb.test", "alpha");
  const TestAuthority authority_;
  const Issued issued_ = authority_.Issue({FormatSpiffeId(self_)});
};

TEST_F(TlsFilesTest, ReadsWhatFits) {
  const auto material = ReadTlsFiles(paths_, self_, SystemClock().Wall());
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_EQ(material->certificates, issued_.certificate);
  EXPECT_EQ(material->key, issued_.key);
  EXPECT_EQ(material->authorities, authority_.certificate());
}

TEST_F(TlsFilesTest, RefusesAnotherName) {
  const std::string alpha = FormatSpiffeId(self_);
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "0 URI names"},
      {{alpha, alpha}, "2 URI names"},
      {{"spiffe://lb.test/agent/beta"}, "is of spiffe://lb.test/agent/beta"},
      {{"spiffe://lb.test/controller"}, "is of spiffe://lb.test/controller"},
      {{"spiffe://other.test/agent/alpha"}, "not of trust domain lb.test"},
      {{"spiffe://lb.test/agent/alpha/"}, "empty segment"},
  };
  for (const auto& [uris, reason] : cases) {
    Write(IssueFor(uris));
    EXPECT_THAT(Refusal(),
                AllOf(HasSubstr(paths_.certificate), HasSubstr(reason)));
  }
}

TEST_F(TlsFilesTest, RefusesWhatDoesNotFitOrIsNoPem) {
  Put(paths_.key, IssueFor({FormatSpiffeId(self_)}).key);
  EXPECT_THAT(Refusal(), HasSubstr("is not the key of the certificate"));
  Put(paths_.key, "no key");
  EXPECT_THAT(Refusal(), HasSubstr("holds no private key"));
  Write(IssueFor({FormatSpiffeId(self_)}, /*days=*/-1));
  EXPECT_THAT(Refusal(), HasSubstr("has expired"));
  Put(paths_.certificate, "");
  EXPECT_THAT(Refusal(), HasSubstr("holds no certificate"));
  Write(issued_);
  Put(paths_.authorities, "nobody");
  EXPECT_THAT(Refusal(), AllOf(HasSubstr(paths_.authorities),
                               HasSubstr("holds no certificate")));
  std::remove(paths_.authorities.c_str());
  EXPECT_THAT(Refusal(), HasSubstr(paths_.authorities));
}

TEST_F(TlsFilesTest, GoesOnWithTheLastThatWereGood) {
  auto files = TlsFiles::Open(paths_, self_, SystemClock());
  ASSERT_TRUE(files.ok()) << files.status();
  const Issued renewed = IssueFor({FormatSpiffeId(self_)});
  Put(paths_.certificate, renewed.certificate);  // its key is still to come
  EXPECT_EQ(files->Latest().certificates, issued_.certificate);
  EXPECT_EQ(files->Latest().key, issued_.key);
  Put(paths_.key, renewed.key);
  EXPECT_EQ(files->Latest().certificates, renewed.certificate);
  EXPECT_EQ(files->Latest().key, renewed.key);
  std::remove(paths_.key.c_str());
  EXPECT_EQ(files->Latest().key, renewed.key);
}

}  // namespace
}  // namespace lb::agent
