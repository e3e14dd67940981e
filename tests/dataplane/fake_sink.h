// A packet sink for tests that notes what it is given.
#ifndef LB_TESTS_DATAPLANE_FAKE_SINK_H_
#define LB_TESTS_DATAPLANE_FAKE_SINK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "dataplane/core/packet_sink.h"

namespace lb::dataplane {

// Calls a function for every packet: true if it is sent, false if refused. On
// the output thread.
class FakeSink final : public PacketSink {
 public:
  using OnPacketFunction = std::function<bool(const Packet&)>;
  explicit FakeSink(OnPacketFunction on_packet)
      : on_packet_(std::move(on_packet)) {}

  std::size_t Send(std::span<const Packet* const> packets) override {
    std::size_t sent = 0;
    for (const Packet* packet : packets) sent += on_packet_(*packet);
    return sent;
  }
  void Flush() override {}
  absl::Status status() const override { return absl::OkStatus(); }

 private:
  const OnPacketFunction on_packet_;
};

}  // namespace lb::dataplane

#endif  // LB_TESTS_DATAPLANE_FAKE_SINK_H_
