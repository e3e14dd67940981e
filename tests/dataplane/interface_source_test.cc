// Runs on the loopback interface of a network namespace of its own, so that
// nothing but the test's packets is there; without the rights to make one only
// the refusals are tested.
#include "dataplane/io/interface_source.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "dataplane/core/parser.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/frames.h"
#include "tests/dataplane/read_source.h"

namespace lb::dataplane {
namespace {

using std::chrono::milliseconds;

TEST(InterfaceSource, RefusesAnInterfaceThatIsNotThere) {
  for (const char* name : {"lb-none0", "", "a-name-longer-than-the-kernels"}) {
    const auto source = InterfaceSource::Open({.name = name});
    EXPECT_EQ(source.status().code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(source.status().message()),
                testing::HasSubstr(std::string("interface ") + name));
  }
}

// In a child that has given up root, if it was root.
TEST(InterfaceSourceDeathTest, NamesTheRightItLacks) {
  const auto open_without_rights = [] {
    constexpr uid_t kNobody = 65'534;
    if (geteuid() == 0 && setresuid(kNobody, kNobody, kNobody) != 0) _exit(2);
    const auto source = InterfaceSource::Open({.name = "lo"});
    std::fprintf(stderr, "%s\n", source.status().ToString().c_str());
    _exit(source.status().code() == absl::StatusCode::kPermissionDenied ? 0
                                                                        : 1);
  };
  EXPECT_EXIT(open_without_rights(), testing::ExitedWithCode(0),
              "interface lo cannot be opened without CAP_NET_RAW");
}

// A loopback interface that is up in a namespace of the test's own.
class Loopback : public testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNET) != 0) {
      GTEST_SKIP() << "making a network namespace is not permitted";
    }
    receiver_ = socket(AF_INET, SOCK_DGRAM, 0);
    sender_ = socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::string("lo").copy(request.ifr_name, IFNAMSIZ - 1);
    ASSERT_EQ(ioctl(receiver_, SIOCGIFFLAGS, &request), 0);
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    ASSERT_EQ(ioctl(receiver_, SIOCSIFFLAGS, &request), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(Bind(receiver_, address), 0);
    socklen_t size = sizeof(address);
    ASSERT_EQ(
        getsockname(receiver_, reinterpret_cast<sockaddr*>(&address), &size),
        0);
    port_ = ntohs(address.sin_port);
    ASSERT_EQ(connect(sender_, reinterpret_cast<sockaddr*>(&address), size), 0);
  }
  void TearDown() override {
    if (receiver_ >= 0) close(receiver_);
    if (sender_ >= 0) close(sender_);
  }

  static int Bind(int socket, const sockaddr_in& address) {
    return bind(socket, reinterpret_cast<const sockaddr*>(&address),
                sizeof(address));
  }

  void Send(std::size_t bytes) const {
    const std::vector<char> data(bytes, 'x');
    ASSERT_EQ(send(sender_, data.data(), data.size(), 0),
              static_cast<ssize_t>(bytes));
  }

  // Reads until `count` frames and drops are known, or nothing comes any more.
  static std::vector<ReadFrame> Read(PacketSource& source, std::size_t count) {
    std::vector<ReadFrame> frames;
    for (int waits = 0; frames.size() + source.dropped() < count && waits < 100;
         ++waits) {
      source.Wait(milliseconds(100));
      for (ReadFrame& frame : ReadAll(source)) frames.push_back(frame);
    }
    return frames;
  }

  int receiver_ = -1;
  int sender_ = -1;
  std::uint16_t port_ = 0;
};

TEST_F(Loopback, SeesEveryPacketOnce) {
  auto source = InterfaceSource::Open({.name = "lo", .promiscuous = true});
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_TRUE((*source)->live());
  EXPECT_FALSE((*source)->exhausted());
  EXPECT_TRUE(ReadOnce(**source).empty());
  for (std::size_t i = 1; i <= 200; ++i) Send(i);
  const std::vector<ReadFrame> frames = Read(**source, 200);
  ASSERT_EQ(frames.size(), 200u);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Parsed parsed = ParseFrame(frames[i].bytes);
    ASSERT_EQ(parsed.result, ParseResult::kOk);
    EXPECT_EQ(parsed.key.destination_port, port_);
    EXPECT_EQ(frames[i].wire_bytes, 14 + 20 + 8 + i + 1) << "in order";
    EXPECT_EQ(frames[i].bytes.size(), frames[i].wire_bytes);
  }
  (*source)->Wait(milliseconds(1));
  EXPECT_TRUE(ReadOnce(**source).empty());
  EXPECT_EQ((*source)->dropped(), 0u);
  EXPECT_TRUE((*source)->status().ok());
}

TEST_F(Loopback, CutsLongFramesToThePacketsBuffer) {
  auto source = InterfaceSource::Open({.name = "lo"});
  ASSERT_TRUE(source.ok()) << source.status();
  Send(20'000);
  const std::vector<ReadFrame> frames = Read(**source, 1);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].bytes.size(), kFrameBytes);
  EXPECT_EQ(frames[0].wire_bytes, 20'042u);
}

TEST_F(Loopback, WhatFindsAFullRingIsDroppedAndCounted) {
  constexpr std::size_t kPackets = 12'000;
  auto source = InterfaceSource::Open({.name = "lo"});
  ASSERT_TRUE(source.ok()) << source.status();
  for (std::size_t i = 0; i < kPackets; ++i) Send(1'400);
  EXPECT_GT((*source)->dropped(), 0u);
  const std::vector<ReadFrame> frames = Read(**source, kPackets);
  EXPECT_EQ(frames.size() + (*source)->dropped(), kPackets);
  // There is room again.
  const std::uint64_t dropped = (*source)->dropped();
  Send(10);
  EXPECT_EQ(Read(**source, dropped + 1).size(), 1u);
}

// Sends `frame` out of an interface as it is.
void SendRaw(const char* interface, const Bytes& frame) {
  const int raw = socket(AF_PACKET, SOCK_RAW, 0);
  ASSERT_GE(raw, 0);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface));
  EXPECT_EQ(
      sendto(raw, frame.data(), frame.size(), 0,
             reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
      static_cast<ssize_t>(frame.size()));
  close(raw);
}

TEST_F(Loopback, PutsAVlanTagBackThatTheKernelTookOff) {
  auto source = InterfaceSource::Open({.name = "lo"});
  ASSERT_TRUE(source.ok()) << source.status();
  const std::vector<std::uint16_t> tags = {ETH_P_8021Q, ETH_P_8021AD};
  for (const std::uint16_t tag : tags) {
    const Bytes frame = Vlan({tag}, 0x0800) + Ip4{}(Udp(5'000, 80));
    SendRaw("lo", frame);
    const std::vector<ReadFrame> frames = Read(**source, 1);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_TRUE(std::ranges::equal(frames[0].bytes, AsBytes(frame)));
    EXPECT_EQ(frames[0].wire_bytes, frame.size());
  }
}

// A pair of interfaces, lbt0 and lbt1, both up.
class Pair : public Loopback {
 protected:
  void SetUp() override {
    Loopback::SetUp();
    if (IsSkipped()) return;
    ASSERT_EQ(std::system("ip link add lbt0 type veth peer name lbt1 && "
                          "ip link set lbt0 up && ip link set lbt1 up"),
              0);
  }

  // Waits and reads until the source ends; false if it does not.
  static bool ReadToTheEnd(PacketSource& source) {
    for (int waits = 0; waits < 100 && !source.exhausted(); ++waits) {
      source.Wait(milliseconds(20));
      ReadAll(source);
    }
    return source.exhausted();
  }

  const Bytes frame_ = Ether(0x0800) + Ip4{}(Udp(5'000, 80));
};

// Packets are left unread while the interface goes down: that they are there
// must not hide that it went down, and so that it went away.
TEST_F(Pair, EndsWhenTheInterfaceIsGone) {
  for (const bool pending : {false, true}) {
    if (pending) {
      TearDown();
      SetUp();  // a new namespace
    }
    auto source = InterfaceSource::Open({.name = "lbt0"});
    ASSERT_TRUE(source.ok()) << source.status();
    if (pending) {
      SendRaw("lbt1", frame_);
      (*source)->Wait(milliseconds(1'000));  // until the packet is there
    }
    // Down is not gone: it may come up again.
    ASSERT_EQ(std::system("ip link set lbt0 down"), 0);
    (*source)->Wait(milliseconds(20));
    EXPECT_FALSE((*source)->exhausted());
    ReadAll(**source);
    ASSERT_EQ(std::system("ip link delete lbt0"), 0);
    EXPECT_TRUE(ReadToTheEnd(**source)) << "pending " << pending;
    EXPECT_EQ((*source)->status().code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string((*source)->status().message()),
                testing::HasSubstr("interface lbt0 is gone"));
  }
}

TEST_F(Pair, GoesOnWhenTheInterfaceIsUpAgain) {
  auto source = InterfaceSource::Open({.name = "lbt0"});
  ASSERT_TRUE(source.ok()) << source.status();
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(std::system("ip link set lbt0 down"), 0);
    (*source)->Wait(milliseconds(20));
    ASSERT_EQ(std::system("ip link set lbt0 up"), 0);
    // The kernel lets packets through some time after that, so send until one
    // is seen.
    ReadAll(**source);
    bool seen = false;
    for (int waits = 0; waits < 500 && !seen; ++waits) {
      SendRaw("lbt1", frame_);
      (*source)->Wait(milliseconds(20));
      for (const ReadFrame& frame : ReadAll(**source)) {
        seen = seen || std::ranges::equal(frame.bytes, AsBytes(frame_));
      }
    }
    EXPECT_TRUE(seen) << "round " << round;
    EXPECT_FALSE((*source)->exhausted());
  }
  ASSERT_EQ(std::system("ip link delete lbt0"), 0);
  EXPECT_TRUE(ReadToTheEnd(**source));
}

}  // namespace
}  // namespace lb::dataplane
