// What a full disk is to a process: no file may grow beyond a size.
#ifndef LB_TESTS_CONTROLLER_FILE_SIZE_LIMIT_H_
#define LB_TESTS_CONTROLLER_FILE_SIZE_LIMIT_H_

#include <sys/resource.h>

#include <csignal>

namespace lb::controller {

// Holds for the whole process while it lives; files that are larger stay.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);  // so that writing fails instead
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_FILE_SIZE_LIMIT_H_
