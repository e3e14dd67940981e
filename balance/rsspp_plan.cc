#include "balance/rsspp_plan.h"

#include <algorithm>
#include <utility>

namespace lb::balance {
namespace {

constexpr std::int64_t kThreshold = 20'000'000;  // ns/s: 2% of a CPU
constexpr std::int64_t kTolerance = 10'000'000;  // 1%
constexpr Int128 kGoodEnough = Int128{1'000'000'000} * kTolerance;
constexpr int kMostRuns = 10;

template <class T>
T Pop(std::vector<T>& heap) {
  std::pop_heap(heap.begin(), heap.end());
  const T top = heap.back();
  heap.pop_back();
  return top;
}

template <class T>
void Push(std::vector<T>& heap, const T& value) {
  heap.push_back(value);
  std::push_heap(heap.begin(), heap.end());
}

Int128 Square(std::int64_t value) { return Int128{value} * value; }

}  // namespace

RssppPlan::RssppPlan(const Snapshot& snapshot, const DraftTable& draft)
    : snapshot_(snapshot), draft_(draft), buckets_(draft.processors()) {
  const Uint128 busy = draft.busy();
  const std::uint64_t capacity = draft.capacity();
  for (std::size_t i = 0; i < draft.processors(); ++i) {
    if (!draft.usage(i).in_service) continue;
    Sort(i, static_cast<std::int64_t>(busy * draft.usage(i).capacity_permille /
                                      capacity));
  }
  CollectBuckets();
  std::erase_if(over_,
                [this](const Entry& e) { return buckets_[e.number].empty(); });
  std::make_heap(over_.begin(), over_.end());
  std::make_heap(under_.begin(), under_.end());
}

void RssppPlan::Sort(std::size_t processor, std::int64_t mean) {
  const std::int64_t need =
      mean - static_cast<std::int64_t>(draft_.usage(processor).busy_ns_per_s);
  if (need > kThreshold) under_.push_back({need, processor});
  if (need < -kThreshold) over_.push_back({-need, processor});
}

void RssppPlan::CollectBuckets() {
  std::vector<bool> gives(draft_.processors(), false);
  for (const Entry& e : over_) gives[e.number] = true;
  for (std::size_t b = 0; b < snapshot_.buckets.size(); ++b) {
    const BucketState& bucket = snapshot_.buckets[b];
    const std::size_t owner = bucket.owner.index();
    if (!gives[owner] || draft_.load(b) == 0 || bucket.pinned ||
        bucket.resting) {
      continue;
    }
    buckets_[owner].push_back({static_cast<std::int64_t>(draft_.load(b)), b});
  }
}

std::vector<RssppMove> RssppPlan::Run() {
  if (over_.empty() || under_.empty()) return {};
  Outcome outcome = Try({-kTolerance, -kTolerance});
  if (outcome.squares >= kGoodEnough) outcome = Bisect(std::move(outcome));
  std::stable_sort(
      outcome.moves.begin(), outcome.moves.end(),
      [](const RssppMove& a, const RssppMove& b) { return a.load > b.load; });
  return std::move(outcome.moves);
}

RssppPlan::Outcome RssppPlan::Try(Slack slack) const {
  Outcome outcome;
  outcome.slack = slack;
  std::vector<Entry> over = over_;
  std::vector<Entry> under = under_;
  std::vector<std::vector<Entry>> buckets(buckets_.size());
  for (const Entry& e : over) {
    buckets[e.number] = buckets_[e.number];
    std::make_heap(buckets[e.number].begin(), buckets[e.number].end());
  }
  while (!over.empty() && !under.empty()) {
    Entry giver = Pop(over);
    const Entry bucket = Pop(buckets[giver.number]);
    if (GiveAway(bucket, slack.under, under, outcome)) {
      giver.load -= bucket.load;
    }
    if (giver.load > -slack.over && !buckets[giver.number].empty()) {
      Push(over, giver);
    } else {
      Settle(outcome, giver.load, 0);
    }
  }
  for (const Entry& e : over) Settle(outcome, e.load, 0);
  for (const Entry& e : under) Settle(outcome, 0, e.load);
  return outcome;
}

void RssppPlan::Settle(Outcome& outcome, std::int64_t over,
                       std::int64_t under) const {
  outcome.left_over += std::max(over, -over);
  outcome.left_under += std::max(under, -under);
  outcome.squares += Square(over) + Square(under);
}

bool RssppPlan::GiveAway(const Entry& bucket, std::int64_t slack,
                         std::vector<Entry>& under, Outcome& outcome) const {
  const std::optional<ProcessorId>& barred =
      snapshot_.buckets[bucket.number].no_return;
  std::vector<Entry> passed_over;
  bool given = false;
  while (!given && !under.empty()) {
    Entry taker = Pop(under);
    if (bucket.load >= taker.load + slack ||
        (barred && barred->index() == taker.number)) {
      passed_over.push_back(taker);
      continue;
    }
    given = true;
    taker.load -= bucket.load;
    outcome.moves.push_back(
        {static_cast<std::uint64_t>(bucket.load), bucket.number, taker.number});
    if (taker.load > kTolerance) {
      Push(under, taker);
    } else {
      Settle(outcome, 0, taker.load);
    }
  }
  for (const Entry& e : passed_over) Push(under, e);
  return given;
}

// The slack grows by half until that makes things worse; from there it is
// bisected, towards none as long as that helps and then back.
RssppPlan::Outcome RssppPlan::Bisect(Outcome first) const {
  Outcome best = std::move(first);
  Slack bottom = best.slack;
  Slack top{best.left_over, best.left_under};
  Int128 last = 0;
  bool growing = true;
  bool towards_none = true;
  Slack slack = top;
  for (int run = 2; run <= kMostRuns; ++run) {
    Outcome outcome = Try(slack);
    const bool worse = run > 2 && outcome.squares > last;
    last = outcome.squares;
    if (outcome.squares < best.squares) best = std::move(outcome);
    if (best.squares < kGoodEnough) break;
    if (growing && !worse) {
      slack = {slack.over + slack.over / 2, slack.under + slack.under / 2};
      continue;
    }
    if (growing) {
      growing = false;
      top = slack;
    } else if (worse) {
      (towards_none ? bottom : top) = slack;
      towards_none = !towards_none;
    }
    const Slack& end = towards_none ? bottom : top;
    const Slack& from = worse ? (towards_none ? top : bottom) : slack;
    slack = {(end.over + from.over) / 2, (end.under + from.under) / 2};
  }
  return best;
}

}  // namespace lb::balance
