#include "common/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"

namespace lb {
namespace {

std::string Variable(const char* name) {
  // Read in main's thread; nothing here ever sets a variable.
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

absl::Status SendDatagram(const std::string& path, const std::string& bytes,
                          int flags) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return ErrnoStatus(ENAMETOOLONG, path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  // An abstract name begins with a zero byte and ends with its length.
  if (path.front() == '@') address.sun_path[0] = '\0';
  const auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoStatus(errno, "socket");
  absl::Status status;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): sockets' own.
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  if (sendto(fd, bytes.data(), bytes.size(), flags | MSG_NOSIGNAL, any, size) <
      0) {
    status = ErrnoStatus(errno, path);
  }
  close(fd);
  return status;
}

}  // namespace

ServiceManager::ServiceManager(std::string socket,
                               std::chrono::microseconds patience)
    : socket_(std::move(socket)), patience_(patience) {}

ServiceManager ServiceManager::FromEnvironment() {
  std::int64_t patience_us = 0;
  const std::string watched = Variable("WATCHDOG_PID");
  if (!absl::SimpleAtoi(Variable("WATCHDOG_USEC"), &patience_us) ||
      (!watched.empty() && watched != absl::StrCat(getpid()))) {
    patience_us = 0;  // nobody watches this process
  }
  return ServiceManager(Variable("NOTIFY_SOCKET"),
                        std::chrono::microseconds(patience_us));
}

void ServiceManager::Reloading(MonotonicTime now) const {
  Notify(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=",
                      std::chrono::duration_cast<std::chrono::microseconds>(
                          now.time_since_epoch())
                          .count()));
}

void ServiceManager::Alive() const { Notify("WATCHDOG=1", MSG_DONTWAIT); }

void ServiceManager::Status(std::string_view text) const {
  Notify(absl::StrCat("STATUS=", ToAbsl(text)), MSG_DONTWAIT);
}

void ServiceManager::Notify(const std::string& state, int flags) const {
  if (socket_.empty()) return;
  if (absl::Status status = SendDatagram(socket_, state, flags); !status.ok()) {
    spdlog::warn("the service manager was not told {}: {}", state,
                 OneLine(status));
  }
}

}  // namespace lb
