#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

std::vector<std::string> Environment(
    const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!added.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : added) {
    all.push_back(absl::StrCat(name, "=", value));
  }
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In the child, between fork and exec: system calls only.
[[noreturn]] void Execute(int out_fd, int err_fd, char* const* argv,
                          char* const* environment) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null_fd = open("/dev/null", O_RDONLY);
  if (null_fd >= 0 && dup2(null_fd, 0) >= 0 && dup2(out_fd, 1) >= 0 &&
      dup2(err_fd, 2) >= 0) {
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, nullptr);
    execve(argv[0], argv, environment);
  }
  _exit(127);
}

timespec Until(SteadyTime deadline) {
  const auto left = std::max<std::chrono::nanoseconds>(
      deadline - std::chrono::steady_clock::now(), {});
  return {left.count() / 1'000'000'000, left.count() % 1'000'000'000};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Start(
    const std::vector<std::string>& argv,
    const std::map<std::string, std::string>& environment) {
  if (access(argv[0].c_str(), X_OK) != 0) return ErrnoStatus(errno, argv[0]);
  std::vector<std::string> arguments = argv;
  std::vector<std::string> variables = Environment(environment);
  const std::vector<char*> argument_pointers = Pointers(arguments);
  const std::vector<char*> variable_pointers = Pointers(variables);
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) {
    return ErrnoStatus(errno, "pipe");
  }
  const pid_t pid = fork();
  if (pid == 0) {
    Execute(out[1], err[1], argument_pointers.data(), variable_pointers.data());
  }
  close(out[1]);
  close(err[1]);
  if (pid < 0) return ErrnoStatus(errno, "fork");
  const auto pid_fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pid_fd < 0) return ErrnoStatus(errno, "pidfd_open");
  fcntl(out[0], F_SETFL, O_NONBLOCK);
  fcntl(err[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<Process>(new Process(pid, pid_fd, out[0], err[0]));
}

Process::~Process() {
  if (!reaped_) {
    kill(pid_, SIGKILL);
    Reap();
  }
  for (int fd : {pid_fd_, out_fd_, err_fd_}) {
    if (fd >= 0) close(fd);
  }
}

bool Process::WaitUntil(const std::function<bool()>& done,
                        std::chrono::milliseconds limit) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (!ReadSome(deadline)) return done();
  }
  return true;
}

std::optional<std::string> Process::WaitForLine(
    std::string_view text, std::chrono::milliseconds limit) {
  std::optional<std::string> line;
  const auto search = [&](const std::string& in) {
    const std::size_t at = in.find(text);
    const std::size_t end = in.find('\n', at);
    if (at == std::string::npos || end == std::string::npos) return false;
    const std::size_t before = in.rfind('\n', at);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    line = in.substr(begin, end - begin);
    return true;
  };
  WaitUntil([&] { return search(out_) || search(err_); }, limit);
  return line;
}

absl::StatusOr<Ended> Process::Wait(std::chrono::milliseconds limit) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + limit;
  while (ReadSome(deadline)) {
  }
  if (out_fd_ >= 0 || err_fd_ >= 0 || !reaped_) {
    return absl::DeadlineExceededError(
        absl::StrCat("process ", pid_, " still runs after ", limit.count(),
                     " ms; it printed: ", out_, err_));
  }
  Ended ended;
  if (WIFEXITED(wait_status_)) ended.exit_code = WEXITSTATUS(wait_status_);
  if (WIFSIGNALED(wait_status_)) ended.signal = WTERMSIG(wait_status_);
  ended.out = out_;
  ended.err = err_;
  return ended;
}

void Process::Signal(int number) const {
  if (!reaped_) kill(pid_, number);
}

bool Process::ReadSome(SteadyTime deadline) {
  if (reaped_ && out_fd_ < 0 && err_fd_ < 0) return false;
  // Negative descriptors are skipped by poll.
  std::array<pollfd, 3> fds = {pollfd{out_fd_, POLLIN, 0},
                               pollfd{err_fd_, POLLIN, 0},
                               pollfd{reaped_ ? -1 : pid_fd_, POLLIN, 0}};
  const timespec left = Until(deadline);
  const int ready = ppoll(fds.data(), fds.size(), &left, nullptr);
  if (ready < 0) return errno == EINTR;
  if (ready == 0) return false;
  if (fds[0].revents != 0) Drain(out_fd_, out_);
  if (fds[1].revents != 0) Drain(err_fd_, err_);
  if (fds[2].revents != 0) Reap();
  return true;
}

void Process::Drain(int& fd, std::string& into) {
  std::array<char, 16'384> block{};
  const ssize_t n = read(fd, block.data(), block.size());
  if (n > 0) {
    into.append(block.data(), static_cast<std::size_t>(n));
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
    close(std::exchange(fd, -1));
  }
}

void Process::Reap() {
  while (waitpid(pid_, &wait_status_, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
}

absl::StatusOr<Ended> RunProgram(
    const std::vector<std::string>& argv, std::chrono::milliseconds limit,
    const std::map<std::string, std::string>& environment) {
  LB_ASSIGN_OR_RETURN(const std::unique_ptr<Process> process,
                      Process::Start(argv, environment));
  return process->Wait(limit);
}

}  // namespace lb
