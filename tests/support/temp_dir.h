// A private directory that goes away with its object. Not thread safe.
#ifndef LB_TESTS_SUPPORT_TEMP_DIR_H_
#define LB_TESTS_SUPPORT_TEMP_DIR_H_

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace lb {

// Short, for the path of a unix socket holds 107 bytes.
class TempDir {
 public:
  TempDir() {
    path_ = std::filesystem::temp_directory_path() / "lb-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) {
      std::perror(path_.c_str());
      std::abort();
    }
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;  // a leftover directory fails no test
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string File(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

 private:
  std::string path_;
};

}  // namespace lb

#endif  // LB_TESTS_SUPPORT_TEMP_DIR_H_
