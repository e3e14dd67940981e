// The control thread's side of a takeover; see "Takeover of a stalled
// processor" in the design. The processor's side is processor_takeover.cc.
#include <algorithm>
#include <utility>

#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/deal.h"
#include "dataplane/engine/user_space_engine.h"

namespace lb::dataplane {

bool UserSpaceEngine::TakeOverStalled() {
  Readmit();
  return TakeOver(FindStalled(/*moving=*/false));
}

void UserSpaceEngine::SetDrained(std::span<const ProcessorId> processors) {
  drained_.assign(layout_.processors.size(), false);
  for (const ProcessorId p : processors) drained_[p.index()] = true;
}

std::vector<ProcessorId> UserSpaceEngine::FindStalled(bool moving) {
  std::vector<ProcessorId> stalled;
  const MonotonicTime now = SystemClock().Monotonic();
  for (std::size_t p = 0; p < watches_.size(); ++p) {
    if (outages_[p].has_value()) continue;
    const Processor& processor = *shared_.processors[p];
    const std::uint32_t turns = processor.turns();
    const bool waits =
        processor.WorkWaits() || (moving && processor.MailWaits());
    watches_[p].Look(turns, waits, now);
    if (watches_[p].stalled()) {
      stalled.emplace_back(static_cast<std::uint16_t>(p));
    }
  }
  return stalled;
}

// Those that have thrown away what they had are in service again, without a
// bucket.
void UserSpaceEngine::Readmit() {
  for (std::size_t p = 0; p < outages_.size(); ++p) {
    if (!outages_[p].has_value() || !outages_[p]->come_back->filled.load()) {
      continue;
    }
    last_samples_[p] = outages_[p]->come_back;
    outages_[p].reset();
    watches_[p] = StallWatch(stall_limit_);
  }
}

bool UserSpaceEngine::TakeOver(const std::vector<ProcessorId>& stalled) {
  std::vector<ProcessorStanding> standing(outages_.size());
  for (std::size_t p = 0; p < outages_.size(); ++p) {
    standing[p] = {!outages_[p].has_value(), drained_[p]};
  }
  for (const ProcessorId p : stalled) standing[p.index()].in_service = false;
  if (stalled.empty() ||
      std::none_of(standing.begin(), standing.end(),
                   [](const ProcessorStanding& p) { return p.in_service; })) {
    return false;
  }
  for (const ProcessorId p : stalled) {
    outages_[p.index()] = Outage{shared_.processors[p.index()]->Fence(),
                                 std::make_shared<SampleReply>(control_)};
  }
  const Table before = table();
  Table next = before;
  Grants grants(outages_.size());
  SettleMoves(next, grants);
  for (const BucketId b : DealToThoseInService(standing, next)) {
    grants[next.owner[b.index()].index()].push_back(b);
  }
  // The mail first: whoever finds packets by the new table finds it too.
  for (std::size_t p = 0; p < grants.size(); ++p) {
    if (grants[p].empty()) continue;
    shared_.processors[p]->Post(OwnBuckets{std::move(grants[p])});
  }
  const std::uint64_t version = ChangeTable(next);
  for (const ProcessorId p : stalled) {
    shared_.processors[p.index()]->Post(
        ComeBack{version, outages_[p.index()]->come_back});
  }
  Announce(stalled, before);
  return true;
}

// Ends the moves under way from or to a processor out of service. One that
// waits for a bucket gets it afresh; one that was to hand it over takes it
// back, with all it has if it still has it.
void UserSpaceEngine::SettleMoves(Table& next, Grants& grants) {
  if (moves_ == nullptr) return;
  for (std::size_t i = 0; i < moves_->moves().size(); ++i) {
    const Move& move = moves_->moves()[i];
    if (!IsOut(move.from) && !IsOut(move.to)) continue;
    if (!moves_->TakeOver(i, CycleClock::Get().NowNs())) continue;
    if (!IsOut(move.to)) {
      grants[move.to.index()].push_back(move.bucket);
    } else if (!IsOut(move.from)) {
      next.owner[move.bucket.index()] = move.from;
      grants[move.from.index()].push_back(move.bucket);
    }
  }
}

void UserSpaceEngine::Announce(const std::vector<ProcessorId>& stalled,
                               const Table& before) {
  for (const ProcessorId p : stalled) {
    Takeover takeover;
    takeover.processor = p;
    takeover.buckets = static_cast<std::uint32_t>(
        std::count(before.owner.begin(), before.owner.end(), p));
    takeover.packets = PacketsHeldBy(p.index());
    takeover.connections = outages_[p.index()]->account.connections;
    takeovers_.push_back(takeover);
  }
  // Dispatchers may wait for room in its rings, and the end of the run for it.
  for (const auto& dispatcher : shared_.dispatchers) {
    dispatcher->room().Notify();
  }
  idle_.Notify();
}

// What it had taken in when it was fenced off, and what has been sent to it.
std::uint64_t UserSpaceEngine::PacketsHeldBy(std::size_t processor) const {
  const ProcessorLedger::Entry& account = outages_[processor]->account;
  return account.waiting + shared_.processors[processor]->sent() -
         account.counters.taken_in;
}

}  // namespace lb::dataplane
