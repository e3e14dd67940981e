#include "common/format_number.h"

#include "gtest/gtest.h"

namespace lb {
namespace {

TEST(FormatNumber, OneIsSingular) {
  EXPECT_EQ(FormatNumber(0, "move"), "0 moves");
  EXPECT_EQ(FormatNumber(1, "move"), "1 move");
  EXPECT_EQ(FormatNumber(2, "move"), "2 moves");
}

}  // namespace
}  // namespace lb
