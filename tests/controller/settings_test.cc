#include "controller/settings.h"

#include <set>
#include <string>

#include "gmock/gmock.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

TEST(Settings, HaveOneNameEverywhere) {
  std::set<std::string> flags;
  std::set<std::string> variables;
  for (const Setting& setting : Settings()) {
    EXPECT_EQ(FindSetting(setting.key), &setting);
    flags.insert(FlagOf(setting));
    variables.insert(VariableOf(setting));
  }
  EXPECT_EQ(flags.size(), Settings().size());
  EXPECT_EQ(variables.size(), Settings().size());
  EXPECT_TRUE(flags.contains("--tls-key"));
  EXPECT_TRUE(variables.contains("LB_CONTROLLER_TLS_KEY"));
  EXPECT_EQ(FindSetting("tls"), nullptr);
}

TEST(Settings, PresetsAndExamplesAreValuesThatCanBe) {
  for (const Setting& setting : Settings()) {
    for (const std::string text : {setting.preset, setting.example}) {
      Options options;
      if (text.empty()) continue;
      EXPECT_TRUE(setting.set(text, options).ok()) << setting.key;
    }
  }
}

TEST(Settings, SizesHaveUnits) {
  const Setting& limit = *FindSetting("telemetry_limit");
  const struct {
    const char* text;
    std::uint64_t bytes;
  } cases[] = {{"1048576", 1U << 20},
               {"2048KiB", 2U << 20},
               {"3MiB", 3U << 20},
               {"10GiB", 10ULL << 30},
               {"1TiB", 1ULL << 40}};
  for (const auto& [text, bytes] : cases) {
    Options options;
    EXPECT_TRUE(limit.set(text, options).ok()) << text;
    EXPECT_EQ(options.store.telemetry_limit_bytes, bytes) << text;
  }
  Options unchanged;
  EXPECT_THAT(std::string(limit.set("5", unchanged).message()),
              HasSubstr("less than 1MiB"));
  for (const char* text :
       {"ten", "-1", "1.5GiB", "10GB", "GiB", "99999999999TiB", "1 GiB x"}) {
    Options options;
    EXPECT_THAT(std::string(limit.set(text, options).message()),
                HasSubstr("is no size"))
        << text;
  }
}

TEST(Settings, TheNearestNameIsTheOneWithFewestEdits) {
  const std::vector<std::string> known = {"data_dir", "run_dir", "tls.key"};
  EXPECT_EQ(Nearest("datadir", known), "data_dir");
  EXPECT_EQ(Nearest("rum_dir", known), "run_dir");
  EXPECT_EQ(Nearest("tls.kee", known), "tls.key");
  EXPECT_EQ(Nearest("", known), "run_dir");
}

}  // namespace
}  // namespace lb::controller
