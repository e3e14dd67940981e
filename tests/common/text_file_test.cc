#include "common/text_file.h"

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/temp_dir.h"

namespace lb {
namespace {

TEST(TextFile, IsReadWhole) {
  const TempDir directory;
  const std::string path = directory.File("text");
  for (const std::size_t size : {0U, 1U, 4'095U, 4'096U, 4'097U, 100'000U}) {
    const std::string text(size, 'x');
    std::ofstream(path, std::ios::trunc) << text;
    EXPECT_EQ(ReadTextFile(path).value(), text);
  }
}

TEST(TextFile, WhatCannotBeReadIsNamed) {
  const TempDir directory;
  const auto missing = ReadTextFile(directory.File("missing"));
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()),
              testing::HasSubstr(directory.File("missing")));
  EXPECT_EQ(std::string(ReadTextFile(directory.path()).status().message()),
            directory.path() + ": it is a directory; name a file");
}

}  // namespace
}  // namespace lb
