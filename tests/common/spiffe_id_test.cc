#include "common/spiffe_id.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using ::testing::HasSubstr;

TEST(SpiffeId, ReadsTheOneSpelling) {
  const std::vector<std::pair<std::string, SpiffeId>> cases = {
      {"spiffe://example.org/controller", {"example.org", "/controller"}},
      {"spiffe://example.org/agent/alpha", {"example.org", "/agent/alpha"}},
      {"spiffe://a/user/Mary_Jane-2.b", {"a", "/user/Mary_Jane-2.b"}},
      {"spiffe://lb_1-x.test/a/b/c/d", {"lb_1-x.test", "/a/b/c/d"}},
      {"spiffe://a/...", {"a", "/..."}},
  };
  for (const auto& [text, id] : cases) {
    const auto parsed = ParseSpiffeId(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, id);
    EXPECT_EQ(FormatSpiffeId(*parsed), text);
  }
}

TEST(SpiffeId, RefusesEverythingElse) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "does not begin with spiffe://"},
      {"spiffe:/a/b", "does not begin with spiffe://"},
      {"SPIFFE://a/b", "does not begin with spiffe://"},
      {"https://a/b", "does not begin with spiffe://"},
      {" spiffe://a/b", "does not begin with spiffe://"},
      {"spiffe://", "has no path"},
      {"spiffe://example.org", "has no path"},
      {"spiffe:///controller", "trust domain"},
      {"spiffe://Example.org/controller", "trust domain"},
      {"spiffe://user@example.org/a", "trust domain"},
      {"spiffe://example.org:443/a", "trust domain"},
      {"spiffe://ex%61mple.org/a", "trust domain"},
      {"spiffe://" + std::string(256, 'a') + "/a", "trust domain"},
      {"spiffe://a/", "empty segment"},
      {"spiffe://a/b/", "empty segment"},
      {"spiffe://a//b", "empty segment"},
      {"spiffe://a/./b", "relative segment"},
      {"spiffe://a/b/..", "relative segment"},
      {"spiffe://a/b?c", "more than letters"},
      {"spiffe://a/b#c", "more than letters"},
      {"spiffe://a/%62", "more than letters"},
      {"spiffe://a/b c", "more than letters"},
      {"spiffe://a/\xc3\xa9", "more than letters"},
      {std::string("spiffe://a/b\0c", 14), "more than letters"},
      {"spiffe://a/" + std::string(2'048, 'b'), "longer than 2048"},
  };
  for (const auto& [text, reason] : cases) {
    const absl::Status status = ParseSpiffeId(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(reason)) << text;
  }
}

TEST(SpiffeId, APeerHasExactlyOneOfTheDomain) {
  using Names = std::vector<std::string>;
  const auto peer =
      PeerSpiffeId(Names{"spiffe://example.org/controller"}, "example.org");
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(*peer, ControllerSpiffeId("example.org"));

  const std::vector<std::pair<Names, std::string>> refused = {
      {{}, "0 URI names"},
      {{"spiffe://example.org/a", "spiffe://example.org/b"}, "2 URI names"},
      {{"spiffe://example.org/a", "spiffe://example.org/a"}, "2 URI names"},
      {{"https://example.org/controller"}, "not a SPIFFE id"},
      {{"spiffe://example.com/controller"}, "not of trust domain example.org"},
      {{"spiffe://a.example.org/controller"},
       "not of trust domain example.org"},
  };
  for (const auto& [names, reason] : refused) {
    const absl::Status status = PeerSpiffeId(names, "example.org").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(std::string(status.message()), HasSubstr(reason));
  }
}

TEST(SpiffeId, NamesProgramsOfADomain) {
  EXPECT_EQ(FormatSpiffeId(ControllerSpiffeId("example.org")),
            "spiffe://example.org/controller");
  EXPECT_EQ(FormatSpiffeId(AgentSpiffeId("example.org", "alpha")),
            "spiffe://example.org/agent/alpha");
}

}  // namespace
}  // namespace lb
