#include "controller/rpc/listen_address.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "gmock/gmock.h"
#include "tests/controller/temporary_directory.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

TEST(ListenAddress, LoopbackIsRead) {
  EXPECT_EQ(ParseLoopback("127.0.0.1:7000")->ToString(), "127.0.0.1:7000");
  EXPECT_EQ(ParseLoopback("127.9.9.9:0")->port, 0);
  EXPECT_EQ(ParseLoopback("localhost:80")->host, "127.0.0.1");
  EXPECT_EQ(ParseLoopback("[::1]:65535")->ToString(), "[::1]:65535");
}

TEST(ListenAddress, AnythingElseIsRefused) {
  for (const char* text :
       {"", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:http", "0.0.0.0:80", "10.0.0.1:80", "[::]:80",
        "[2001:db8::1]:80", "example.com:80", "128.0.0.1:80",
        "[127.0.0.1:80"}) {
    const auto address = ParseLoopback(text);
    EXPECT_TRUE(absl::IsInvalidArgument(address.status())) << text;
  }
}

TEST(ListenAddress, APortInUseIsNamed) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in bound{};
  bound.sin_family = AF_INET;
  bound.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(bound);
  auto* address = reinterpret_cast<sockaddr*>(&bound);
  // As gRPC does: even who shares ports does not get this one.
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  ASSERT_EQ(bind(fd, address, sizeof(bound)), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  ASSERT_EQ(getsockname(fd, address, &size), 0);
  const TcpAddress tcp{"127.0.0.1", ntohs(bound.sin_port)};
  const absl::Status status = CheckTcpFree(tcp);
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(tcp.ToString()));
  close(fd);
  EXPECT_TRUE(CheckTcpFree(tcp).ok());
}

TEST(ListenAddress, ASocketInUseIsNamedAndAStaleOneIsFree) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/agent.sock";
  EXPECT_TRUE(CheckSocketFree(path).ok());
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
            0);
  ASSERT_EQ(listen(fd, 1), 0);
  EXPECT_TRUE(absl::IsAlreadyExists(CheckSocketFree(path)));
  close(fd);
  EXPECT_TRUE(CheckSocketFree(path).ok());
  EXPECT_TRUE(
      absl::IsInvalidArgument(CheckSocketFree("/" + std::string(120, 'x'))));
}

TEST(ListenAddress, TheRunDirectoryIsMade) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/run";
  EXPECT_TRUE(EnsureRunDirectory(path).ok());
  EXPECT_TRUE(EnsureRunDirectory(path).ok());
  EXPECT_FALSE(EnsureRunDirectory(path + "/a/b").ok());
}

TEST(TcpAddress, IsAnyAddressOfIp) {
  EXPECT_EQ(ParseTcpAddress("192.0.2.1:7443")->ToString(), "192.0.2.1:7443");
  EXPECT_EQ(ParseTcpAddress("[::]:0")->ToString(), "[::]:0");
  EXPECT_EQ(ParseTcpAddress("localhost:1")->ToString(), "127.0.0.1:1");
  for (const char* bad : {"", "192.0.2.1", "host.example:1", "192.0.2.1:x",
                          "192.0.2.1:65536", "192.0.2:1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseTcpAddress(bad).status())) << bad;
  }
}

}  // namespace
}  // namespace lb::controller
