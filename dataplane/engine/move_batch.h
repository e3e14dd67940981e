// The moves of one plan while they are under way, shared by the control thread
// and the processors concerned.
#ifndef LB_DATAPLANE_ENGINE_MOVE_BATCH_H_
#define LB_DATAPLANE_ENGINE_MOVE_BATCH_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/plan.h"
#include "dataplane/engine/waiter.h"

namespace lb::dataplane {

// Steps: every receiver calls Expected() once it holds what arrives for its
// incoming buckets; the control thread then changes the table; every move ends
// with Adopted() or TakeOver(), whoever comes first: the receiver who has the
// bucket, or the control thread who gives up on it. The waiter, which must
// outlive the batch, is notified when the last receiver expects and when the
// last move is done.
class MoveBatch {
 public:
  MoveBatch(std::vector<Move> moves, std::size_t receivers, Waiter& control)
      : moves_(std::move(moves)),
        states_(moves_.size()),
        pause_ns_(moves_.size()),
        receivers_left_(receivers),
        moves_left_(moves_.size()),
        control_(control) {
    for (auto& state : states_) state.store(kUnderWay);
    for (auto& pause : pause_ns_) pause.store(kNoPause);
  }

  const std::vector<Move>& moves() const { return moves_; }

  // A receiver's worker, once.
  void Expected() {
    if (receivers_left_.fetch_sub(1) == 1) control_.Notify();
  }

  // Control thread, just before the table changes.
  void MarkChange(std::int64_t now_ns) { change_ns_.store(now_ns); }

  // The receiver's worker, which has the bucket in hand. False if the move was
  // taken over: what is in hand is to be thrown away.
  bool Claim(std::size_t move) { return Settle(move, kMoved); }
  // The receiver's worker, once it has claimed and may serve.
  void Adopted(std::size_t move, std::int64_t now_ns) { Done(move, now_ns); }

  // Control thread: whoever has the bucket is to throw away what it holds.
  // False if the receiver was first.
  bool TakeOver(std::size_t move, std::int64_t now_ns) {
    if (!Settle(move, kTakenOver)) return false;
    Done(move, now_ns);
    return true;
  }

  // Any thread.
  bool all_expected() const { return receivers_left_.load() == 0; }
  bool all_done() const { return moves_left_.load() == 0; }
  bool done(std::size_t move) const {
    return pause_ns_[move].load() != kNoPause;
  }
  bool taken_over(std::size_t move) const {
    return states_[move].load() == kTakenOver;
  }
  // Of a move that is done.
  std::int64_t pause_ns(std::size_t move) const {
    return pause_ns_[move].load();
  }

 private:
  enum State : std::uint8_t { kUnderWay, kMoved, kTakenOver };
  static constexpr std::int64_t kNoPause = -1;

  bool Settle(std::size_t move, State as) {
    State expected = kUnderWay;
    return states_[move].compare_exchange_strong(expected, as);
  }
  void Done(std::size_t move, std::int64_t now_ns) {
    pause_ns_[move].store(now_ns - change_ns_.load());
    if (moves_left_.fetch_sub(1) == 1) control_.Notify();
  }

  const std::vector<Move> moves_;
  std::vector<std::atomic<State>> states_;
  std::vector<std::atomic<std::int64_t>> pause_ns_;
  std::atomic<std::size_t> receivers_left_;
  std::atomic<std::size_t> moves_left_;
  std::atomic<std::int64_t> change_ns_{0};
  Waiter& control_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_MOVE_BATCH_H_
