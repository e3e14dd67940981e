// The kernel's own clients against `reflect`: ping, UDP sockets, connect(). In
// a network namespace of the test's own, over a veth pair:
//
//   client -- lbt0 (192.0.2.1, 2001:db8::1) == lbt1 -- AF_PACKET -- engine
//
// The reflector's addresses, 192.0.2.2 and 2001:db8::2, are on no interface, so
// that the kernel answers for them nowhere; a static neighbour entry says that
// they are behind lbt1. IPv6's own answering is off on lbt1.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/engine/engine.h"
#include "dataplane/engine/handlers.h"
#include "dataplane/io/open_sink.h"
#include "dataplane/io/open_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

constexpr const char* kSetup = R"(set -e
ip link set lo up
ip link add lbt0 address 02:00:00:00:00:01 mtu 9000 type veth \
  peer name lbt1 address 02:00:00:00:00:02
sysctl -qw net.ipv6.conf.lbt1.disable_ipv6=1 net.ipv6.conf.lbt0.accept_dad=0
ip address add 192.0.2.1/24 dev lbt0
ip address add 2001:db8::1/64 dev lbt0 nodad
ip link set lbt1 mtu 9000 up
ip link set lbt0 up
ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev lbt0 nud permanent
ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 dev lbt0 nud permanent)";

// A socket, closed with the object.
class Socket {
 public:
  Socket(int family, int type) : descriptor_(socket(family, type, 0)) {}
  ~Socket() { close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

  // Of the reflector; 0, or the errno.
  int Connect(int family, std::uint16_t port) const {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    inet_pton(AF_INET6, "2001:db8::2", &six.sin6_addr);
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    inet_pton(AF_INET, "192.0.2.2", &four.sin_addr);
    const bool ipv6 = family == AF_INET6;
    const auto* const address = ipv6 ? reinterpret_cast<const sockaddr*>(&six)
                                     : reinterpret_cast<const sockaddr*>(&four);
    return connect(descriptor_, address, ipv6 ? sizeof(six) : sizeof(four)) == 0
               ? 0
               : errno;
  }

  // What comes within 5 s; empty if nothing does.
  std::string Read() const {
    pollfd wanted{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (poll(&wanted, 1, 5'000) != 1) return "";
    std::string data(70'000, '\0');
    const ssize_t size = recv(descriptor_, data.data(), data.size(), 0);
    data.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return data;
  }

 private:
  const int descriptor_;
};

class ReflectClients : public testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNET) != 0) {
      GTEST_SKIP() << "making a network namespace needs root";
    }
    ASSERT_EQ(std::system(kSetup), 0) << "see above; needs iproute2";
    EngineOptions options;
    options.key.assign(16, 3);
    options.processors.assign(2, {0, 1'000});
    options.pin = false;
    options.sources.push_back(*OpenSource("interface:lbt1"));
    options.sinks.push_back(*OpenSinkOfSource("interface:lbt1"));
    options.handler = *MakeHandlerFactory("reflect");
    engine_ = *Engine::Create(std::move(options));
    engine_->Start();
  }

  Counters Stop() {
    engine_->Stop();
    return engine_->Summary().counters;
  }

  std::unique_ptr<Engine> engine_;
};

TEST_F(ReflectClients, PingHearsItsEcho) {
  for (const char* address : {"192.0.2.2", "2001:db8::2"}) {
    const std::string command =
        std::string("ping -n -q -c 3 -i 0.2 -W 5 ") + address;
    const int result = std::system(command.c_str());
    ASSERT_NE(WEXITSTATUS(result), 127) << "needs iputils-ping";
    EXPECT_EQ(result, 0) << command;
  }
  const Counters counters = Stop();
  EXPECT_GE(counters.sent, 6u);
  EXPECT_EQ(counters.unsent_total(), 0u);
}

TEST_F(ReflectClients, ADatagramComesBackToItsSocket) {
  for (const int family : {AF_INET, AF_INET6}) {
    const Socket client(family, SOCK_DGRAM);
    ASSERT_EQ(client.Connect(family, 7), 0);
    for (std::size_t size = 1; size < 1'400; size += 171) {
      const std::string sent(size, static_cast<char>('a' + size % 26));
      ASSERT_EQ(send(client.get(), sent.data(), sent.size(), 0),
                static_cast<ssize_t>(size));
      EXPECT_EQ(client.Read(), sent);
    }
  }
}

TEST_F(ReflectClients, ATcpClientIsRefusedAtOnce) {
  for (const int family : {AF_INET, AF_INET6}) {
    const Socket client(family, SOCK_STREAM);
    EXPECT_EQ(client.Connect(family, 80), ECONNREFUSED);
  }
}

// A frame that was cut is counted and not sent; what comes after it is
// answered.
TEST_F(ReflectClients, FramesOf9000BytesAreCountedNotAnswered) {
  const Socket client(AF_INET, SOCK_DGRAM);
  ASSERT_EQ(client.Connect(AF_INET, 7), 0);
  const std::string jumbo(8'900, 'j');
  ASSERT_EQ(send(client.get(), jumbo.data(), jumbo.size(), 0), 8'900);
  ASSERT_EQ(send(client.get(), "small", 5, 0), 5);
  EXPECT_EQ(client.Read(), "small");
  const Counters counters = Stop();
  EXPECT_EQ(counters.not_sent(UnsentReason::kCut), 1u);
  EXPECT_GE(counters.served, 2u);
  EXPECT_EQ(counters.lost, 0u);
}

// One frame in the middle is longer than the MTU: only that one is given up.
TEST_F(ReflectClients, TheInterfaceRefusesFramesOneByOne) {
  ASSERT_EQ(std::system("ip link set lbt0 mtu 1500"), 0);
  auto sink = OpenSink("interface:lbt0");
  ASSERT_TRUE(sink.ok()) << sink.status();
  std::vector<Packet> packets(70);
  std::vector<const Packet*> pointers;
  for (Packet& packet : packets) {
    packet.frame.fill(std::byte{0});
    packet.Resize(60);
    pointers.push_back(&packet);
  }
  packets[33].Resize(1'600);
  EXPECT_EQ((*sink)->Send(pointers), packets.size() - 1);
  ASSERT_EQ(std::system("ip link set lbt0 down"), 0);
  EXPECT_EQ((*sink)->Send(pointers), 0u);
  EXPECT_TRUE((*sink)->status().ok()) << "it may come up again";
}

}  // namespace
}  // namespace lb::dataplane
