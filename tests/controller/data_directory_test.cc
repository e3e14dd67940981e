#include "controller/store/data_directory.h"

#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/support/temp_dir.h"

namespace lb::controller {
namespace {

using ::testing::MatchesRegex;

TEST(DataDirectory, ItsHolderIsNamed) {
  const TempDir parent;
  const std::string path = parent.File("data");
  {
    const auto held = DataDirectory::Hold(path);
    ASSERT_TRUE(held.ok()) << held.status();
    const auto free = DataDirectory::CheckFree(path);
    const auto second = DataDirectory::Hold(path).status();
    EXPECT_EQ(free.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(free, second);
    EXPECT_THAT(std::string(free.message()),
                MatchesRegex(absl::StrCat(
                    ".*/data is held by process ", getpid(),
                    " since 20[0-9-]+T[0-9:.]+Z; stop it, or use another .*")));
  }
  EXPECT_TRUE(DataDirectory::CheckFree(path).ok());
  EXPECT_TRUE(DataDirectory::Hold(path).ok());
}

TEST(DataDirectory, LookingMakesNothing) {
  const TempDir parent;
  EXPECT_TRUE(DataDirectory::CheckFree(parent.File("data")).ok());
  EXPECT_FALSE(std::filesystem::exists(parent.File("data")));
}

}  // namespace
}  // namespace lb::controller
