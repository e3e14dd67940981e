#include "controller/rpc/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {
namespace {

class Socket {
 public:
  explicit Socket(int family)
      : fd_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

absl::Status Taken(const std::string& address, const std::string& way_out) {
  return absl::AlreadyExistsError(
      absl::StrCat(address, " is in use by another process; ", way_out));
}

bool IsAddress(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, host.c_str(), &v4) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &v6) == 1;
}

bool IsLoopback(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return ntohl(v4.s_addr) >> 24 == 127;
  }
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&v6);
}

int BindTcp(const Socket& probe, const TcpAddress& address) {
  // What the server sets too: connections in TIME_WAIT do not count as use.
  const int on = 1;
  setsockopt(probe.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.host.find(':') != std::string::npos) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr);
    return bind(probe.fd(), reinterpret_cast<sockaddr*>(&v6), sizeof(v6));
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(address.port);
  inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr);
  return bind(probe.fd(), reinterpret_cast<sockaddr*>(&v4), sizeof(v4));
}

}  // namespace

std::string TcpAddress::ToString() const {
  return host.find(':') == std::string::npos
             ? absl::StrCat(host, ":", port)
             : absl::StrCat("[", host, "]:", port);
}

absl::StatusOr<TcpAddress> ParseTcpAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::uint32_t port = 0;
  if (colon == std::string_view::npos ||
      !absl::SimpleAtoi(ToAbsl(text.substr(colon + 1)), &port) ||
      port > 65'535) {
    return absl::InvalidArgumentError(
        absl::StrCat("address \"", ToAbsl(text),
                     "\" is not HOST:PORT; use one such as 127.0.0.1:7000"));
  }
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (!IsAddress(host)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "address \"", ToAbsl(text),
        "\" has no IP address; use one such as 192.0.2.1:7443 or [::]:7443"));
  }
  return TcpAddress{host, static_cast<std::uint16_t>(port)};
}

absl::StatusOr<TcpAddress> ParseLoopback(std::string_view text) {
  LB_ASSIGN_OR_RETURN(TcpAddress address, ParseTcpAddress(text));
  if (!IsLoopback(address.host)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "address \"", ToAbsl(text),
        "\" is not on loopback, and plaintext is served nowhere else; use "
        "127.0.0.1:PORT or [::1]:PORT"));
  }
  return address;
}

absl::Status CheckTcpFree(const TcpAddress& address) {
  if (address.port == 0) return absl::OkStatus();
  const Socket probe(address.host.find(':') == std::string::npos ? AF_INET
                                                                 : AF_INET6);
  if (BindTcp(probe, address) == 0) return absl::OkStatus();
  if (errno != EADDRINUSE) return ErrnoStatus(errno, address.ToString());
  return Taken(address.ToString(), "stop it, or choose another port");
}

absl::Status CheckSocketFree(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " is longer than a socket's path may be, ",
        sizeof(address.sun_path) - 1, " bytes; use a shorter run directory"));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const Socket probe(AF_UNIX);
  if (connect(probe.fd(), reinterpret_cast<sockaddr*>(&address),
              sizeof(address)) == 0) {
    return Taken(path, "stop it, or use another run directory");
  }
  if (errno == ENOENT) return absl::OkStatus();
  struct stat status {};
  if (errno == ECONNREFUSED && lstat(path.c_str(), &status) == 0 &&
      S_ISSOCK(status.st_mode)) {
    return absl::OkStatus();  // nobody listens any more; the server removes it
  }
  return ErrnoStatus(errno, path);
}

absl::Status EnsureRunDirectory(const std::string& path) {
  struct stat status {};
  if (mkdir(path.c_str(), 0755) == 0 ||
      (errno == EEXIST && stat(path.c_str(), &status) == 0 &&
       S_ISDIR(status.st_mode))) {
    return absl::OkStatus();
  }
  return absl::Status(
      absl::ErrnoToStatusCode(errno),
      absl::StrCat("run directory ", path, ": ",
                   std::generic_category().message(errno),
                   "; use a directory that can be made or entered"));
}

}  // namespace lb::controller
