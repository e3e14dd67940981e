// The service manager's end of sd_notify, for tests. One thread.
#ifndef LB_TESTS_SUPPORT_NOTIFY_SOCKET_H_
#define LB_TESTS_SUPPORT_NOTIFY_SOCKET_H_

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace lb {

class NotifySocket {
 public:
  // Bound at `path`, which must be short enough for a socket.
  explicit NotifySocket(std::string path)
      : path_(std::move(path)),
        fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    const auto* any = reinterpret_cast<const sockaddr*>(&address);
    if (fd_ < 0 || bind(fd_, any, sizeof(address)) != 0) std::abort();
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() { close(fd_); }

  const std::string& path() const { return path_; }

  // The next notification; empty if there is none within `limit`.
  std::string Next(std::chrono::milliseconds limit) const {
    pollfd readable{fd_, POLLIN, 0};
    if (poll(&readable, 1, static_cast<int>(limit.count())) != 1) return "";
    std::array<char, 4'096> bytes{};
    const ssize_t size = recv(fd_, bytes.data(), bytes.size(), 0);
    return size < 0 ? "" : std::string(bytes.data(), size);
  }
  // The next one that begins with `words`, passing over others.
  std::string NextWith(std::string_view words,
                       std::chrono::milliseconds limit) const {
    for (;;) {
      std::string next = Next(limit);
      if (next.empty() || next.starts_with(words)) return next;
    }
  }

 private:
  const std::string path_;
  const int fd_;
};

}  // namespace lb

#endif  // LB_TESTS_SUPPORT_NOTIFY_SOCKET_H_
