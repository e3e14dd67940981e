// A packet source for tests: UDP frames of a given number of connections.
#ifndef LB_TESTS_SUPPORT_FRAME_SOURCE_H_
#define LB_TESTS_SUPPORT_FRAME_SOURCE_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <thread>

#include "common/flow_key.h"
#include "dataplane/core/packet_source.h"

namespace lb::dataplane {

struct FrameSourceOptions {
  std::uint64_t packets = 0;      // then it is exhausted
  std::uint32_t connections = 1;  // picked at random, by `seed`
  std::uint64_t seed = 1;
  bool live = false;
  // Packets handed out so far may not exceed *allowance, if there is one: lets
  // a test pause the source and go on.
  const std::atomic<std::uint64_t>* allowance = nullptr;
  // Once it is true the source is exhausted: Engine::WaitUntilDone() then tells
  // when all that was ever handed out has been dealt with.
  const std::atomic<bool>* ended = nullptr;
};

// Never waits long: Wait() yields.
class FrameSource final : public PacketSource {
 public:
  explicit FrameSource(const FrameSourceOptions& options)
      : options_(options), random_(options.seed) {}

  std::size_t Receive(std::span<Packet* const> packets) override {
    std::size_t n = 0;
    while (n < packets.size() && sent_ < Limit()) {
      Fill(*packets[n++],
           static_cast<std::uint32_t>(random_() % options_.connections));
      ++sent_;
    }
    return n;
  }
  bool exhausted() const override {
    return sent_ == options_.packets || Ended();
  }
  absl::Status status() const override { return absl::OkStatus(); }
  bool live() const override { return options_.live; }
  std::uint64_t dropped() const override { return 0; }
  void Wait(std::chrono::nanoseconds) override { std::this_thread::yield(); }

  // An Ethernet, IPv4, UDP frame of 60 bytes from client number `client`.
  static void Fill(Packet& packet, std::uint32_t client) {
    static constexpr std::array<std::uint8_t, 42> kHeaders = {
        2,    0,    0, 0,  0,   1,  2, 0, 0,  0,  0, 2, 8, 0,  // Ethernet
        0x45, 0,    0, 46, 0,   0,  0, 0, 64, 17, 0, 0,        // IPv4
        10,   0,    0, 0,  192, 0,  2, 1,                      // addresses
        0x30, 0x39, 0, 53, 0,   26, 0, 0};                     // UDP
    for (std::size_t i = 0; i < kHeaders.size(); ++i) {
      packet.frame[i] = std::byte{kHeaders[i]};
    }
    packet.frame[27] = std::byte(client >> 16 & 0xff);
    packet.frame[28] = std::byte(client >> 8 & 0xff);
    packet.frame[29] = std::byte(client & 0xff);
    packet.captured_bytes = 60;
    packet.wire_bytes = 60;
  }
  // The key of that client's frames, as they run.
  static FlowKey KeyOf(std::uint32_t client) {
    FlowKey key;
    key.version = IpVersion::kIpv4;
    key.protocol = 17;
    key.source = {10, static_cast<std::uint8_t>(client >> 16 & 0xff),
                  static_cast<std::uint8_t>(client >> 8 & 0xff),
                  static_cast<std::uint8_t>(client & 0xff)};
    key.destination = {192, 0, 2, 1};
    key.source_port = 0x3039;
    key.destination_port = 53;
    return key;
  }

 private:
  bool Ended() const {
    return options_.ended != nullptr && options_.ended->load();
  }
  std::uint64_t Limit() const {
    if (Ended()) return sent_;
    return options_.allowance == nullptr
               ? options_.packets
               : std::min(options_.packets, options_.allowance->load());
  }

  const FrameSourceOptions options_;
  std::mt19937_64 random_;
  std::uint64_t sent_ = 0;
};

}  // namespace lb::dataplane

#endif  // LB_TESTS_SUPPORT_FRAME_SOURCE_H_
