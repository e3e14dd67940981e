#include "common/flow_key.h"

#include "gtest/gtest.h"

namespace lb {
namespace {

FlowKey Key(const char* source, std::uint16_t source_port,
            const char* destination, std::uint16_t destination_port) {
  const ParsedAddress from = *ParseAddress(source);
  const ParsedAddress to = *ParseAddress(destination);
  return {from.address,     to.address, source_port,
          destination_port, 6,          from.version};
}

TEST(Canonical, IsOneKeyForBothDirections) {
  for (const FlowKey& key : {Key("10.0.0.1", 80, "10.0.0.2", 5000),
                             Key("10.0.0.2", 80, "10.0.0.1", 5000),
                             Key("10.0.0.1", 5000, "10.0.0.1", 80),
                             Key("2001:db8::1", 1, "2001:db8::2", 2)}) {
    EXPECT_EQ(Canonical(key), Canonical(Reversed(key))) << FormatFlowKey(key);
    EXPECT_EQ(Canonical(Canonical(key)), Canonical(key));
  }
}

TEST(Canonical, EqualAddressesAreOrderedByPort) {
  EXPECT_EQ(Canonical(Key("10.0.0.1", 5000, "10.0.0.1", 80)).source_port, 80);
}

TEST(ParseAddress, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "10.0.0", "10.0.0.256", "1::2::3", "example"}) {
    EXPECT_EQ(ParseAddress(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(FormatFlowKey, ShowsBothFamilies) {
  EXPECT_EQ(FormatFlowKey(Key("192.0.2.1", 80, "198.51.100.7", 4000)),
            "tcp 192.0.2.1:80 > 198.51.100.7:4000");
  EXPECT_EQ(FormatFlowKey(Key("2001:db8::1", 80, "::1", 1)),
            "tcp [2001:db8::1]:80 > [::1]:1");
  EXPECT_EQ(FormatFlowKey(FlowKey{}), "unparsed");
}

}  // namespace
}  // namespace lb
