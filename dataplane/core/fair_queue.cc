#include "dataplane/core/fair_queue.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>

namespace lb::dataplane {
namespace {

// Turns of so many packets or more replace a mean; smaller ones count in
// proportion.
constexpr int kMeanBits = 3;
constexpr std::uint32_t kMeanPackets = 1U << kMeanBits;

// Turns ahead of which a connection's record and its first packet are fetched.
constexpr std::uint32_t kFarAhead = 16;
constexpr std::uint32_t kNearAhead = 8;

// Fewer connections are in the cache anyway.
constexpr std::uint32_t kCached = 128;

// A debt beyond 2.1 s is forgiven.
std::int32_t Saturated(std::int64_t ns) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(ns, std::numeric_limits<std::int32_t>::min(),
                               std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

FairQueue::FairQueue(Connection* connections, Packet* packets,
                     const FairQueueOptions& options)
    : connections_(connections),
      packets_base_(packets),
      quantum_ns_(options.quantum.count()),
      next_quantum_ns_(options.quantum.count()),
      limit_(options.limit),
      quantum_class_(
          LengthClass(1, static_cast<std::uint32_t>(options.quantum.count()))),
      new_(connections, options.limit),
      returning_(connections, options.limit),
      old_(connections, options.limit),
      grant_ns_(options.quantum.count()) {
  assert(quantum_ns_ >= 1'000 && quantum_ns_ <= 100'000'000 && limit_ >= 1);
}

void FairQueue::Configure(const FairQueueOptions& options) {
  assert(turn_ == kNoConnection);
  next_quantum_ns_ = options.quantum.count();
  limit_ = options.limit;
  assert(next_quantum_ns_ >= 1'000 && next_quantum_ns_ <= 100'000'000 &&
         limit_ >= 1);
  if (next_quantum_ns_ < quantum_ns_ || waiting_ == 0) TakeUpQuantum();
}

void FairQueue::TakeUpQuantum() {
  if (next_quantum_ns_ == quantum_ns_) [[likely]]
    return;
  quantum_ns_ = next_quantum_ns_;
  quantum_class_ = LengthClass(1, static_cast<std::uint32_t>(quantum_ns_));
}

PacketIndex FairQueue::Enqueue(ConnectionIndex index, PacketIndex packet) {
  Connection& connection = connections_[index];
  if (connection.round == RoundState::kDetached) Attach(index);
  if (connection.queue.empty() && connection.round != RoundState::kServing) {
    Join(index);
  }
  connection.queue.Push(packets_base_, packet);
  ++packets_;
  backlog_ns_ += connection.mean_service_ns;
  File(index);
  if (packets_ <= limit_) [[likely]]
    return kNoPacket;
  return DropFromLongest();
}

void FairQueue::PrefetchAhead(const ConnectionRing& ring) const {
  if (ring.size() < kCached) return;
  if (const ConnectionIndex far = ring.Ahead(kFarAhead); far != kNoConnection) {
    __builtin_prefetch(&connections_[far]);
    __builtin_prefetch(&connections_[far].queue, /*rw=*/1);
  }
  // By now this one's record is there, and its first packet can be fetched.
  if (const ConnectionIndex near = ring.Ahead(kNearAhead);
      near != kNoConnection) {
    __builtin_prefetch(&packets_base_[connections_[near].queue.front()],
                       /*rw=*/1);
  }
}

ConnectionIndex FairQueue::NextTurn() {
  assert(turn_ == kNoConnection);
  if (waiting_ == 0) return kNoConnection;
  if (!OthersWait()) new_lead_ns_ = std::min<std::int64_t>(new_lead_ns_, 0);
  if (new_.size() > 0 && (new_lead_ns_ < quantum_ns_ || !OthersWait())) {
    turn_ = new_.PopFront();
    PrefetchAhead(new_);
  } else if (returning_.size() > 0) {
    turn_ = returning_.PopFront();
    PrefetchAhead(returning_);
  } else {
    turn_ = NextOld();
    PrefetchAhead(old_);
  }
  Connection& connection = connections_[turn_];
  turn_state_ = connection.round;
  connection.round = RoundState::kServing;
  // It may have been given more, here before the quantum was lowered or by
  // another processor's queue.
  connection.deficit_ns =
      std::min(connection.deficit_ns, static_cast<std::int32_t>(quantum_ns_));
  return turn_;
}

void FairQueue::EndTurn(ConnectionIndex index, std::int64_t service_ns,
                        std::uint32_t packets) {
  assert(index == turn_);
  turn_ = kNoConnection;
  Connection& connection = connections_[index];
  // A coarse clock must not make packets free.
  service_ns = std::max<std::int64_t>(service_ns, packets);
  connection.deficit_ns = Saturated(connection.deficit_ns - service_ns);
  ChargeLead(service_ns);
  if (packets > 0) UpdateMeans(connection, service_ns, packets);
  if (connection.queue.empty()) {
    Leave(index, turn_state_);
  } else if (connection.deficit_ns <= 0) {
    connection.round = round_mark_;
    old_.PushBack(index);
  } else {
    connection.round = turn_state_;
    RingOf(connection).PushFront(index);
  }
  File(index);
}

void FairQueue::Detach(ConnectionIndex index) {
  assert(index != turn_);
  Connection& connection = connections_[index];
  switch (connection.round) {
    case RoundState::kFresh:
    case RoundState::kDetached:
    case RoundState::kServing:
      return;
    case RoundState::kIdle:
    case RoundState::kYoung:
      connection.deficit_ns = Allowance(connection);
      break;
    case RoundState::kNew:
    case RoundState::kReturning:
    case RoundState::kOldEven:
    case RoundState::kOldOdd:
      RingOf(connection).Remove(index);
      SetLengthClass(index, 0);
      --waiting_;
      packets_ -= connection.queue.size();
      backlog_ns_ -=
          std::int64_t{connection.mean_service_ns} * connection.queue.size();
      break;
  }
  connection.round = RoundState::kDetached;
  ForgiveIfIdle();
}

void FairQueue::Attach(ConnectionIndex index) {
  Connection& connection = connections_[index];
  if (connection.round != RoundState::kDetached) return;
  if (connection.queue.empty()) {
    connection.round = RoundState::kIdle;
    connection.round_left = round_;
    return;
  }
  Join(index);
  packets_ += connection.queue.size();
  backlog_ns_ +=
      std::int64_t{connection.mean_service_ns} * connection.queue.size();
  File(index);
}

void FairQueue::Join(ConnectionIndex index) {
  Connection& connection = connections_[index];
  RoundState state = RoundState::kReturning;
  switch (connection.round) {
    case RoundState::kFresh:
      connection.deficit_ns = static_cast<std::int32_t>(quantum_ns_);
      connection.mean_service_ns = mean_service_ns_;
      state = RoundState::kNew;
      break;
    case RoundState::kYoung:
      if (connection.round_left == round_) state = RoundState::kNew;
      [[fallthrough]];
    case RoundState::kIdle:
      connection.deficit_ns = Allowance(connection);
      break;
    default:  // detached: keeps what it had
      break;
  }
  if (connection.deficit_ns <= 0) state = round_mark_;
  connection.round = state;
  RingOf(connection).PushBack(index);
  ++waiting_;
}

void FairQueue::Leave(ConnectionIndex index, RoundState state) {
  Connection& connection = connections_[index];
  connection.round =
      state == RoundState::kNew ? RoundState::kYoung : RoundState::kIdle;
  connection.round_left = round_;
  --waiting_;
  ForgiveIfIdle();
}

void FairQueue::ForgiveIfIdle() {
  if (waiting_ > 0) return;
  forgiven_ = ++round_;
  TakeUpQuantum();
}

std::int32_t FairQueue::Allowance(const Connection& connection) const {
  const std::uint32_t left = connection.round_left;
  if (static_cast<std::int32_t>(left - forgiven_) < 0) {
    return static_cast<std::int32_t>(quantum_ns_);
  }
  const std::int64_t rounds = round_ - left;
  return Saturated(
      std::min(quantum_ns_, connection.deficit_ns + rounds * quantum_ns_));
}

ConnectionIndex FairQueue::NextOld() {
  bool whole_round = false;  // visited by this call without finding anybody
  std::int64_t least_debt = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    const ConnectionIndex index = old_.PopFront();
    Connection& connection = connections_[index];
    if (connection.round == round_mark_) {
      StartRound(whole_round ? least_debt : 0);
      whole_round = true;
      least_debt = std::numeric_limits<std::int64_t>::max();
    }
    // Positive already: its turn was ended before.
    if (connection.deficit_ns <= 0) {
      connection.deficit_ns = Saturated(connection.deficit_ns + grant_ns_);
    }
    if (connection.deficit_ns > 0) return index;
    least_debt = std::min<std::int64_t>(least_debt, -connection.deficit_ns);
    connection.round = round_mark_;
    old_.PushBack(index);
  }
}

// Where everybody owes `least_debt` or more, the rounds that would only pay
// debts are counted, not walked.
void FairQueue::StartRound(std::int64_t least_debt) {
  TakeUpQuantum();
  const std::int64_t skipped = least_debt / quantum_ns_;
  round_ += static_cast<std::uint32_t>(skipped + 1);
  grant_ns_ = quantum_ns_ * (skipped + 1);
  round_mark_ = OtherMark();
}

RoundState FairQueue::OtherMark() const {
  return round_mark_ == RoundState::kOldEven ? RoundState::kOldOdd
                                             : RoundState::kOldEven;
}

void FairQueue::ChargeLead(std::int64_t service_ns) {
  if (turn_state_ == RoundState::kNew) {
    if (OthersWait()) new_lead_ns_ += service_ns;
  } else {
    // The new ones may catch up on one turn, but save up no more.
    new_lead_ns_ =
        std::max(new_lead_ns_ - service_ns,
                 std::min<std::int64_t>(quantum_ns_ - service_ns, 0));
  }
}

void FairQueue::UpdateMeans(Connection& connection, std::int64_t service_ns,
                            std::uint32_t packets) {
  const std::int64_t sample =
      std::min<std::int64_t>(packets == 1 ? service_ns : service_ns / packets,
                             std::numeric_limits<std::int32_t>::max());
  const std::int64_t weight = std::min(packets, kMeanPackets);
  const auto blend = [&](std::int64_t mean) {
    // Rounded away from zero: a mean reaches a sample that stays the same.
    const std::int64_t step = (sample - mean) * weight;
    return static_cast<std::uint32_t>(
        mean + ((step + (step > 0 ? kMeanPackets - 1 : 0)) >> kMeanBits));
  };
  const std::uint32_t before = connection.mean_service_ns;
  connection.mean_service_ns = blend(before);
  backlog_ns_ += (std::int64_t{connection.mean_service_ns} - before) *
                 connection.queue.size();
  mean_service_ns_ = blend(mean_service_ns_);
}

PacketIndex FairQueue::DropFromLongest() {
  ConnectionIndex longest = kNoConnection;
  // The turn under way has made its queue shorter since it was filed.
  if (turn_ != kNoConnection) File(turn_);
  if (NewPay()) {
    longest = new_.front();
  } else if (lengths_ != 0) {
    longest = longest_[static_cast<unsigned>(std::bit_width(lengths_)) - 1];
  } else {  // all have one short packet: those pay who are more
    longest = (returning_.size() > old_.size() ? returning_ : old_).front();
  }
  Connection& connection = connections_[longest];
  const PacketIndex packet = connection.queue.Pop(packets_base_);
  // Likely the next to lose one.
  __builtin_prefetch(&packets_base_[connection.queue.front()], /*rw=*/1);
  --packets_;
  backlog_ns_ -= connection.mean_service_ns;
  if (connection.queue.empty() && longest != turn_) {
    RingOf(connection).Remove(longest);
    Leave(longest, connection.round);
  }
  File(longest);
  return packet;
}

bool FairQueue::WouldLose(ConnectionIndex index) const {
  if (packets_ < limit_) return false;
  const std::uint8_t length_class = connections_[index].length_class;
  return length_class != 0 && lengths_ >> length_class == 1 && !NewPay();
}

bool FairQueue::NewWouldLose() const {
  if (packets_ < limit_) return false;
  const std::uint8_t length_class = LengthClass(1, mean_service_ns_);
  return NewPay() || (length_class != 0 && lengths_ >> length_class <= 1);
}

std::size_t FairQueue::Longest(std::span<ConnectionIndex> out) const {
  if (lengths_ == 0 || NewPay()) return 0;
  std::size_t n = 0;
  ConnectionIndex next =
      longest_[static_cast<unsigned>(std::bit_width(lengths_)) - 1];
  while (n < out.size() && next != kNoConnection) {
    out[n++] = next;
    next = connections_[next].length_next;
  }
  return n;
}

bool FairQueue::NewPay() const {
  return lengths_ >> quantum_class_ <= 1 &&
         new_.size() > std::max(returning_.size(), old_.size());
}

void FairQueue::File(ConnectionIndex index) {
  const Connection& connection = connections_[index];
  const std::uint8_t length_class =
      LengthClass(connection.queue.size(), connection.mean_service_ns);
  if (length_class != connection.length_class) {
    SetLengthClass(index, length_class);
  }
}

std::uint8_t FairQueue::LengthClass(std::uint32_t packets,
                                    std::uint32_t mean_service_ns) {
  const std::uint64_t length =
      (std::uint64_t{packets} * mean_service_ns) >> kShortBits;
  if (packets <= 1 && length == 0) return 0;
  return static_cast<std::uint8_t>(std::clamp<std::size_t>(
      static_cast<std::size_t>(std::bit_width(length)), 1, kLengthClasses - 1));
}

void FairQueue::SetLengthClass(ConnectionIndex index,
                               std::uint8_t length_class) {
  Connection& connection = connections_[index];
  if (const std::uint8_t before = connection.length_class; before != 0) {
    const ConnectionIndex next = connection.length_next;
    const ConnectionIndex previous = connection.length_previous;
    if (next != kNoConnection) connections_[next].length_previous = previous;
    if (previous != kNoConnection) {
      connections_[previous].length_next = next;
    } else if (next != kNoConnection) {
      longest_[before] = next;
    } else {
      lengths_ &= ~(1U << before);
    }
  }
  connection.length_class = length_class;
  if (length_class == 0) return;
  const std::uint32_t bit = 1U << length_class;
  ConnectionIndex previous = kNoConnection;
  ConnectionIndex next = kNoConnection;
  if ((lengths_ & bit) != 0) {
    next = longest_[length_class];
    // New ones to the front, to lose first: of them there is no end.
    if (connection.round != RoundState::kNew) {
      previous = next;
      next = connections_[previous].length_next;
    }
  }
  connection.length_previous = previous;
  connection.length_next = next;
  if (next != kNoConnection) connections_[next].length_previous = index;
  if (previous != kNoConnection) {
    connections_[previous].length_next = index;
  } else {
    longest_[length_class] = index;
  }
  lengths_ |= bit;
}

ConnectionRing& FairQueue::RingOf(const Connection& connection) {
  switch (connection.round) {
    case RoundState::kNew:
      return new_;
    case RoundState::kReturning:
      return returning_;
    default:
      return old_;
  }
}

}  // namespace lb::dataplane
