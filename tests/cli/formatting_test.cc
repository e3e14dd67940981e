#include "cli/formatting.h"

#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include "cli/text_table.h"
#include "gtest/gtest.h"

namespace lb::cli {
namespace {

TEST(Formatting, Durations) {
  const std::vector<std::pair<std::int64_t, std::string>> cases = {
      {-5, "0ns"},
      {0, "0ns"},
      {999, "999ns"},
      {1'000, "1.00us"},
      {12'340, "12.3us"},
      {999'400, "999us"},
      {999'600, "1.00ms"},
      {123'456'789, "123ms"},
      {1'500'000'000, "1.50s"},
      {59'900'000'000, "59.9s"},
      {60'000'000'000, "1m00s"},
      {3'599'000'000'000, "59m59s"},
      {3'600'000'000'000, "1h00m"},
      {90'000'000'000'000, "1d01h"}};
  for (const auto& [ns, text] : cases) {
    EXPECT_EQ(FormatDuration(std::chrono::nanoseconds(ns)), text) << ns;
  }
}

TEST(Formatting, Counts) {
  const std::vector<std::pair<std::uint64_t, std::string>> cases = {
      {0, "0"},
      {999, "999"},
      {1'000, "1.00k"},
      {9'994, "9.99k"},
      {9'996, "10.0k"},
      {999'400, "999k"},
      {999'600, "1.00M"},
      {45'600'000, "45.6M"},
      {std::numeric_limits<std::uint64_t>::max(), "18.4E"}};
  for (const auto& [count, text] : cases) EXPECT_EQ(FormatCount(count), text);
}

TEST(Formatting, BarsAndPercentages) {
  EXPECT_EQ(FormatBar(0, 4), "....");
  EXPECT_EQ(FormatBar(0.5, 4), "##..");
  EXPECT_EQ(FormatBar(1, 4), "####");
  EXPECT_EQ(FormatBar(7, 4), "####");
  EXPECT_EQ(FormatBar(-1, 4), "....");
  EXPECT_EQ(FormatBar(std::numeric_limits<double>::quiet_NaN(), 4), "....");
  EXPECT_EQ(FormatPercent(0.12345), "12.3%");
  EXPECT_EQ(FormatHex(0xab), "00000000000000ab");
  EXPECT_EQ(FormatText("a\tb\x7f\x1b"), "a?b??");
  EXPECT_EQ(FormatEnum("MODE_AUTO", "MODE_"), "auto");
}

TEST(TextTable, AlignsWithoutTrailingBlanks) {
  TextTable table({{"NAME"}, {"N", TextTable::Align::kRight}, {"TEXT"}});
  table.AddRow({"a", "1", "x"});
  table.AddRow({"longer", "1000", ""});
  table.AddRow({"\xc3\xa9t\xc3\xa9", "2", "yy"});  // three characters
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "NAME       N  TEXT\n"
            "a          1  x\n"
            "longer  1000  -\n"
            "\xc3\xa9t\xc3\xa9        2  yy\n");
}

}  // namespace
}  // namespace lb::cli
