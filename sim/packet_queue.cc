#include "sim/packet_queue.h"

#include "dataplane/core/fair_queue.h"

namespace lb::sim {
namespace {

using dataplane::FairQueue;
using dataplane::PacketList;

class FairPacketQueue final : public PacketQueue {
 public:
  FairPacketQueue(const Scenario& scenario, PacketStore& packets,
                  ConnectionBook& connections)
      : packets_(packets),
        queue_(
            connections.records(), packets.links(),
            {.quantum = scenario.quantum, .limit = scenario.buffer_packets}) {}

  PacketIndex Enqueue(PacketIndex packet) override {
    return queue_.Enqueue(packets_.info(packet).connection, packet);
  }

  PacketIndex Next() override {
    if (turn_ != kNoConnection) {
      const PacketIndex packet =
          served_ns_ < queue_.TurnBudget() ? queue_.Dequeue(turn_) : kNoPacket;
      if (packet != kNoPacket) return Charge(packet);
      CloseTurn();
    }
    turn_ = queue_.NextTurn();
    if (turn_ == kNoConnection) return kNoPacket;
    return Charge(queue_.Dequeue(turn_));
  }

  void Release(BucketId, std::span<const ConnectionIndex> connections,
               PacketList&) override {
    for (const ConnectionIndex connection : connections) {
      if (connection == turn_) CloseTurn();
      queue_.Detach(connection);
    }
  }

  void Adopt(std::span<const ConnectionIndex> connections,
             PacketList&) override {
    for (const ConnectionIndex connection : connections) {
      queue_.Attach(connection);
    }
  }

  std::uint32_t packets() const override { return queue_.packets(); }

 private:
  PacketIndex Charge(PacketIndex packet) {
    served_ns_ += packets_.info(packet).service_ns;
    ++served_;
    return packet;
  }

  void CloseTurn() {
    queue_.EndTurn(turn_, served_ns_, served_);
    turn_ = kNoConnection;
    served_ns_ = 0;
    served_ = 0;
  }

  PacketStore& packets_;
  FairQueue queue_;
  ConnectionIndex turn_ = kNoConnection;
  std::int64_t served_ns_ = 0;  // of the turn
  std::uint32_t served_ = 0;
};

class FifoPacketQueue final : public PacketQueue {
 public:
  FifoPacketQueue(const Scenario& scenario, PacketStore& packets,
                  ConnectionBook& connections)
      : packets_(packets),
        connections_(connections),
        limit_(scenario.buffer_packets) {}

  PacketIndex Enqueue(PacketIndex packet) override {
    if (waiting_.size() >= limit_) return packet;
    waiting_.Push(packets_.links(), packet);
    return kNoPacket;
  }

  PacketIndex Next() override {
    return waiting_.empty() ? kNoPacket : waiting_.Pop(packets_.links());
  }

  void Release(BucketId bucket, std::span<const ConnectionIndex>,
               PacketList& taken) override {
    PacketList others;
    while (!waiting_.empty()) {
      const PacketIndex packet = waiting_.Pop(packets_.links());
      const ConnectionIndex connection = packets_.info(packet).connection;
      PacketList& list =
          connections_[connection].bucket == bucket ? taken : others;
      list.Push(packets_.links(), packet);
    }
    waiting_ = others;
  }

  void Adopt(std::span<const ConnectionIndex>, PacketList& taken) override {
    waiting_.Append(packets_.links(), taken);
  }

  std::uint32_t packets() const override { return waiting_.size(); }

 private:
  PacketStore& packets_;
  const ConnectionBook& connections_;
  const std::uint32_t limit_;
  PacketList waiting_;
};

}  // namespace

std::unique_ptr<PacketQueue> MakeFairQueue(const Scenario& scenario,
                                           PacketStore& packets,
                                           ConnectionBook& connections) {
  return std::make_unique<FairPacketQueue>(scenario, packets, connections);
}

std::unique_ptr<PacketQueue> MakeFifoQueue(const Scenario& scenario,
                                           PacketStore& packets,
                                           ConnectionBook& connections) {
  return std::make_unique<FifoPacketQueue>(scenario, packets, connections);
}

}  // namespace lb::sim
