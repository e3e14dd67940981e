#include "controller/rpc/certificate.h"

#include <string>

#include "common/status.h"
#include "gmock/gmock.h"
#include "tests/controller/test_certificates.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Certificate, TellsItsUrisAndItsTimes) {
  const TestAuthority authority;
  const auto issued = authority.Issue(
      {.names = "URI:spiffe://a/agent/x,DNS:localhost,URI:https://b",
       .begins = std::chrono::hours(-2),
       .ends = std::chrono::hours(3)});
  const auto certificate = ReadCertificate(issued.certificate);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_THAT(certificate->uris,
              ElementsAre("spiffe://a/agent/x", "https://b"));
  EXPECT_EQ(certificate->not_after - certificate->not_before,
            std::chrono::hours(5));
  EXPECT_TRUE(absl::IsUnauthenticated(OnlyUri(*certificate).status()));
  // The first one of a chain counts.
  EXPECT_EQ(ReadCertificate(issued.certificate + authority.certificate())
                ->fingerprint,
            certificate->fingerprint);
}

TEST(Certificate, ExactlyOneUriIsAName) {
  const TestAuthority authority;
  const auto uri_of = [&](const std::string& names) {
    return OnlyUri(
        *ReadCertificate(authority.Issue({.names = names}).certificate));
  };
  EXPECT_EQ(uri_of("DNS:b,URI:spiffe://a/x").value(), "spiffe://a/x");
  EXPECT_TRUE(absl::IsUnauthenticated(uri_of("DNS:b").status()));
  EXPECT_TRUE(absl::IsUnauthenticated(uri_of("").status()));
}

TEST(Certificate, WhatIsNoneIsRefused) {
  for (const char* bad :
       {"", "text",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadCertificate(bad).status())) << bad;
  }
}

TEST(KeyPair, IsCheckedBeforeItIsUsed) {
  const TestAuthority authority;
  const TestAuthority stranger;
  const WallTime now = std::chrono::system_clock::now();
  const auto good = authority.IssueFor("spiffe://a/controller");
  const auto other = authority.IssueFor("spiffe://a/controller");
  const auto old = authority.Issue({.names = "URI:spiffe://a/controller",
                                    .begins = std::chrono::hours(-9),
                                    .ends = std::chrono::hours(-8)});
  const std::string ca = authority.certificate();
  EXPECT_TRUE(CheckKeyPair({good.certificate, good.key, ca}, now).ok());
  EXPECT_TRUE(
      CheckKeyPair({good.certificate, good.key, stranger.certificate() + ca},
                   now)
          .ok());
  struct Case {
    KeyPair pair;
    const char* words;
  };
  for (const Case& bad : {
           Case{{"", good.key, ca}, "no certificate"},
           Case{{good.certificate, "", ca}, "no private key"},
           Case{{good.certificate, good.key, ""}, "no authority"},
           Case{{good.certificate, other.key, ca}, "not the certificate's"},
           Case{{good.certificate, good.key, stranger.certificate()},
                "not valid under the authorities"},
           Case{{old.certificate, old.key, ca}, "expired"},
       }) {
    const absl::Status status = CheckKeyPair(bad.pair, now);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << bad.words;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.words));
  }
  EXPECT_THAT(std::string(CheckKeyPair({good.certificate, good.key, ca},
                                       now + std::chrono::hours(30))
                              .message()),
              HasSubstr("expired"));
}

}  // namespace
}  // namespace lb::controller
