#include "controller/core/page_token.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::controller {
namespace {

TEST(PageToken, ContinuesTheListItWasMadeFor) {
  const std::string token = MakePageToken("plans", "hosts/a", "17");
  EXPECT_EQ(ParseNumberToken(token, "plans", "hosts/a").value(), 17U);
  EXPECT_EQ(ParsePageToken(token, "plans", "hosts/a").value(), "17");
  EXPECT_EQ(ParseNumberToken("", "plans", "hosts/a").value(), 0U);
}

TEST(PageToken, AnyOtherIsRefused) {
  const std::string token = MakePageToken("plans", "hosts/a", "17");
  EXPECT_FALSE(ParseNumberToken(token, "events", "hosts/a").ok());
  EXPECT_FALSE(ParseNumberToken(token, "plans", "hosts/-").ok());
  for (const std::string& bad :
       {std::string("17"), std::string("%%%"), token + "x",
        token.substr(0, token.size() / 2),
        MakePageToken("plans", "hosts/a", ""),
        MakePageToken("plans", "hosts/a", "0"),
        MakePageToken("plans", "hosts/a", "-4"),
        MakePageToken("plans", "hosts/a", "18446744073709551615"),
        MakePageToken("plans", "hosts/a", "1\n2")}) {
    const auto parsed = ParseNumberToken(bad, "plans", "hosts/a");
    EXPECT_TRUE(absl::IsInvalidArgument(parsed.status())) << bad;
  }
}

TEST(PageToken, PageSizes) {
  EXPECT_EQ(ParsePageSize(0).value(), 50U);
  EXPECT_EQ(ParsePageSize(1).value(), 1U);
  EXPECT_EQ(ParsePageSize(1'000).value(), 1'000U);
  EXPECT_FALSE(ParsePageSize(-1).ok());
  EXPECT_FALSE(ParsePageSize(1'001).ok());
}

}  // namespace
}  // namespace lb::controller
