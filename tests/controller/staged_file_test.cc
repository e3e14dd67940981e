#include "controller/rpc/staged_file.h"

#include <fstream>
#include <string>

#include "common/text_file.h"
#include "gtest/gtest.h"

namespace lb::controller {
namespace {

TEST(StagedFile, ThePathStaysAndTheBytesChangeWhole) {
  auto file = StagedFile::Make(std::string(10'000, 'a'));
  ASSERT_TRUE(file.ok()) << file.status();
  const std::string path = file->path();
  EXPECT_EQ(ReadTextFile(path).value(), std::string(10'000, 'a'));
  // Who has opened it before reads on what it was.
  std::ifstream before(path, std::ios::binary);
  ASSERT_TRUE(file->Replace("short").ok());
  EXPECT_EQ(file->path(), path);
  EXPECT_EQ(ReadTextFile(path).value(), "short");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(before), {}),
            std::string(10'000, 'a'));
}

TEST(StagedFile, ThePathLeadsNowhereOnceItIsGone) {
  std::string path;
  {
    auto file = StagedFile::Make("x");
    ASSERT_TRUE(file.ok()) << file.status();
    path = file->path();
  }
  EXPECT_FALSE(ReadTextFile(path).ok());
}

}  // namespace
}  // namespace lb::controller
