// Which certificates, keys and roles are taken, and that bad ones change
// nothing.
#include <string>

#include "controller/rpc/tls_access.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/controller/tls_directory.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

TEST(TlsFiles, AreReadAndChecked) {
  const TlsDirectory directory;
  const auto files =
      ReadTlsFiles(directory.Options(), std::chrono::system_clock::now());
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->roles.at("alice"), Role::kAdmin);
}

TEST(TlsFiles, WhatCannotBeUsedIsNamed) {
  const TestAuthority stranger;
  struct Case {
    const char* what;
    std::function<void(TlsDirectory&, TlsOptions&)> spoil;
    const char* words;
  };
  for (const Case& bad : {
           Case{"no file", [](auto&, auto&o) { o.key_file += ".missing"; },
                "key.pem.missing"},
           Case{"another key",
                [](auto&d, auto&) {
                  d.Write("key.pem", d.authority.IssueFor("URI:x").key);
                },
                "not the certificate's"},
           Case{"a foreign authority",
                [&](auto&d, auto&) {
                  d.Write("ca.pem", stranger.certificate());
                },
                "not valid under the authorities"},
           Case{"a certificate of an agent",
                [](auto&d, auto&) {
                  d.WriteIdentity(
                      d.authority.IssueFor("spiffe://lb.example/agent/a"));
                },
                "a controller's names spiffe://lb.example/controller"},
           Case{"a certificate of two",
                [](auto&d, auto&) {
                  d.WriteIdentity(d.authority.Issue(
                      {.names = "URI:spiffe://lb.example/controller,"
                                "URI:spiffe://lb.example/user/x"}));
                },
                "names 2 URIs"},
           Case{"a domain that is none",
                [](auto&, auto&o) { o.trust_domain = "LB"; }, "trust domain"},
           Case{"an unknown role",
                [](auto&d, auto&) { d.Write("roles.yaml", "users: {a: x}"); },
                "roles.yaml: line 1"},
       }) {
    TlsDirectory directory;
    TlsOptions options = directory.Options();
    bad.spoil(directory, options);
    const auto files = ReadTlsFiles(options, std::chrono::system_clock::now());
    ASSERT_FALSE(files.ok()) << bad.what;
    EXPECT_THAT(std::string(files.status().message()), HasSubstr(bad.words))
        << bad.what;
  }
}

std::vector<Role> RolesOf(const TlsAccess& access, const TlsDirectory& files,
                          const std::string& user) {
  const auto issued =
      files.authority.IssueFor("spiffe://lb.example/user/" + user);
  return access.peers().IdentifyCertificate(issued.certificate).value().roles;
}

TEST(TlsAccess, AReloadTakesGoodFilesAndKeepsTheOldOnesOtherwise) {
  TlsDirectory directory;
  const auto access = TlsAccess::Open(directory.Options(), SystemClock());
  ASSERT_TRUE(access.ok()) << access.status();
  EXPECT_EQ(RolesOf(**access, directory, "alice"), std::vector{Role::kAdmin});
  const std::string before_all = (*access)->in_force();
  const auto before = nlohmann::json::parse(before_all);

  directory.Write("roles.yaml", "users: {alice: viewer}");
  directory.Write("key.pem", "");
  EXPECT_FALSE((*access)->Reload().ok());
  EXPECT_EQ((*access)->in_force(), before_all);
  EXPECT_EQ(RolesOf(**access, directory, "alice"), std::vector{Role::kAdmin});

  directory.WriteIdentity(
      directory.authority.IssueFor("spiffe://lb.example/controller"));
  absl::Status reloaded = (*access)->Reload();
  ASSERT_TRUE(reloaded.ok()) << reloaded;
  EXPECT_EQ(RolesOf(**access, directory, "alice"), std::vector{Role::kViewer});
  const std::string after_all = (*access)->in_force();
  const auto after = nlohmann::json::parse(after_all);
  EXPECT_EQ(before["roles"]["alice"], "admin");
  EXPECT_EQ(after["roles"]["alice"], "viewer");
  EXPECT_NE(before["certificate"], after["certificate"]);
  EXPECT_EQ(before["authorities"], after["authorities"]);

  reloaded = (*access)->Reload();
  ASSERT_TRUE(reloaded.ok()) << reloaded;
  EXPECT_EQ((*access)->in_force(), after_all);
}

TEST(TlsPeers, AreWhomTheirCertificatesName) {
  TlsDirectory directory;
  const auto access = TlsAccess::Open(directory.Options(), SystemClock());
  ASSERT_TRUE(access.ok()) << access.status();
  const auto identify = [&](const CertificateWish& wish) {
    return (*access)->peers().IdentifyCertificate(
        directory.authority.Issue(wish).certificate);
  };
  const auto agent = identify({.names = "URI:spiffe://lb.example/agent/a"});
  ASSERT_TRUE(agent.ok()) << agent.status();
  EXPECT_EQ(agent->name, "agent/a");
  EXPECT_EQ(agent->host, "a");
  EXPECT_EQ(agent->roles, std::vector{Role::kAgent});
  const auto user = identify({.names = "URI:spiffe://lb.example/user/nobody"});
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->name, "user/nobody");
  EXPECT_TRUE(user->roles.empty());
  const auto other = identify({.names = "URI:spiffe://lb.example/controller"});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_TRUE(other->roles.empty());

  for (const CertificateWish& bad :
       {CertificateWish{.names = "URI:spiffe://other/agent/a"},
        CertificateWish{.names = "DNS:a"},
        CertificateWish{.names = "URI:spiffe://lb.example/agent/a,"
                                 "URI:spiffe://lb.example/agent/b"},
        CertificateWish{.names = "URI:spiffe://lb.example/agent/a",
        .ends = std::chrono::seconds(-1)}}) {
    EXPECT_TRUE(absl::IsUnauthenticated(identify(bad).status())) << bad.names;
  }
}

}  // namespace
}  // namespace lb::controller
