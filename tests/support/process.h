// Runs a program and watches what it prints. Waits on pipes and on the
// process itself, never by sleeping. One thread per object.
#ifndef LB_TESTS_SUPPORT_PROCESS_H_
#define LB_TESTS_SUPPORT_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lb {

// How a program ended, and all it printed.
struct Ended {
  int exit_code = -1;  // -1: it was killed
  int signal = 0;      // that killed it; 0: none
  std::string out;
  std::string err;
};

// Killed and reaped with its object, and when the test's thread ends.
class Process {
 public:
  // Starts argv[0] (a path) with standard input from /dev/null, and with
  // `environment` added to the test's own.
  static absl::StatusOr<std::unique_ptr<Process>> Start(
      const std::vector<std::string>& argv,
      const std::map<std::string, std::string>& environment = {});
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  // Reads until `done`, called after every change of out() or err(), is true.
  // False if the program ended or `limit` passed first.
  bool WaitUntil(const std::function<bool()>& done,
                 std::chrono::milliseconds limit);

  // The first whole line, of either stream, that contains `text`.
  std::optional<std::string> WaitForLine(std::string_view text,
                                         std::chrono::milliseconds limit);

  // Reads to the end. DEADLINE_EXCEEDED, and the program goes on, if that is
  // not there within `limit`.
  absl::StatusOr<Ended> Wait(std::chrono::milliseconds limit);

  void Signal(int number) const;

  pid_t pid() const { return pid_; }
  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

 private:
  Process(pid_t pid, int pid_fd, int out_fd, int err_fd)
      : pid_(pid), pid_fd_(pid_fd), out_fd_(out_fd), err_fd_(err_fd) {}

  // Reads what is there, waiting until `deadline` for something. False when
  // the program has ended and everything is read, or at the deadline.
  bool ReadSome(std::chrono::steady_clock::time_point deadline);
  void Drain(int& fd, std::string& into);
  void Reap();

  pid_t pid_;
  int pid_fd_;  // readable once the program has ended
  int out_fd_;
  int err_fd_;
  bool reaped_ = false;
  int wait_status_ = 0;
  std::string out_;
  std::string err_;
};

// Starts a program and waits for its end.
absl::StatusOr<Ended> RunProgram(
    const std::vector<std::string>& argv, std::chrono::milliseconds limit,
    const std::map<std::string, std::string>& environment = {});

}  // namespace lb

#endif  // LB_TESTS_SUPPORT_PROCESS_H_
