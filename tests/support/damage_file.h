// Bytes of a file that became others, for tests.
#ifndef LB_TESTS_SUPPORT_DAMAGE_FILE_H_
#define LB_TESTS_SUPPORT_DAMAGE_FILE_H_

#include <cstddef>
#include <fstream>
#include <ios>
#include <string>

#include "gtest/gtest.h"

namespace lb {

// Writes over `size` bytes from the one at `from` on.
inline void DamageFile(const std::string& path, std::streamoff from,
                       std::size_t size) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(from);
  file << std::string(size, '\xa5') << std::flush;
  EXPECT_TRUE(file.good()) << path;
}

}  // namespace lb

#endif  // LB_TESTS_SUPPORT_DAMAGE_FILE_H_
