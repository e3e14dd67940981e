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
  std::ofstream(path) << "";
  EXPECT_EQ(std::string(ReadPolicyFile(path).status().message()),
            "policy file " + path +
                ": it is empty; write lines such as \"trigger_permille: "
                "1100\"");
  EXPECT_EQ(
      std::string(ReadPolicyFile(directory.path()).status().message()),
      "policy file: " + directory.path() + ": it is a directory; name a file");
}

}  // namespace
}  // namespace lb::controller
