#include "controller/policy_file.h"

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "tests/controller/temporary_directory.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

TEST(PolicyFile, FilesAreNamed) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/policy.yaml";
  const auto missing = ReadPolicyFile(path);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr(path));
  std::ofstream(path) << "mode: never\n";
  const auto bad = ReadPolicyFile(path);
  EXPECT_THAT(std::string(bad.status().message()), HasSubstr(path));
  std::ofstream(path) << "mode: off\n";
  EXPECT_EQ(ReadPolicyFile(path)->mode, balance::Mode::kOff);
  EXPECT_FALSE(ReadPolicyFile(directory.path()).ok());
}

}  // namespace
}  // namespace lb::controller
