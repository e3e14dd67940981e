// A directory of its own for a test, gone with it.
#ifndef LB_TESTS_CONTROLLER_TEMPORARY_DIRECTORY_H_
#define LB_TESTS_CONTROLLER_TEMPORARY_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <string>

namespace lb::controller {

class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_((std::filesystem::temp_directory_path() / "lb-test-XXXXXX")
                  .string()) {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;  // what is left is in the system's own place
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_TEMPORARY_DIRECTORY_H_
