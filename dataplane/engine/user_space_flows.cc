// What the data plane knows of connections. They belong to their buckets'
// owners, so each is asked by mail, a slice of its time at once; the packet
// path knows nothing of it.
#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "dataplane/core/packet_key.h"
#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/user_space_engine.h"

namespace lb::dataplane {
namespace {

// A bucket under way between two processors is asked for again after so long.
constexpr std::chrono::milliseconds kRetry{1};

FlowInfo InfoOf(const Connection& connection, std::int64_t now_ns) {
  FlowInfo info;
  info.key = connection.key;
  info.packets = connection.packets;
  info.bytes = connection.bytes;
  info.service = std::chrono::nanoseconds(static_cast<std::int64_t>(
      connection.packets * connection.mean_service_ns));
  info.queued_packets = connection.queue.size();
  info.idle = std::chrono::nanoseconds(
      std::max(now_ns - connection.last_seen_ns, std::int64_t{0}));
  return info;
}

bool Heavier(const FlowInfo& a, const FlowInfo& b) {
  return std::tie(a.service, a.packets, a.bytes) >
         std::tie(b.service, b.packets, b.bytes);
}

// A walk through a bucket's connections that remembers the heaviest. Plain
// data of whoever is at it: the worker, or between two slices the asker.
class HeaviestWalk {
 public:
  HeaviestWalk(const ConnectionPool& connections, std::size_t count)
      : connections_(connections), count_(count) {
    heaviest_.reserve(count);  // a worker does not allocate
  }

  // A slice of the walk. It begins anew where the bucket has been taken over,
  // for then it has begun afresh.
  void GoOn(const Bucket& bucket, std::int64_t now_ns) {
    if (std::exchange(table_, bucket.table) != bucket.table) {
      next_head_ = 0;
      heaviest_.clear();
    }
    const std::int64_t end_ns =
        CycleClock::Get().NowNs() +
        std::chrono::nanoseconds(UserSpaceEngine::kSlice).count();
    while (!done() && CycleClock::Get().NowNs() < end_ns) {
      table_->ForEachOf(bucket.id, next_head_++, [&](ConnectionIndex index) {
        Weigh(connections_[index], now_ns);
      });
    }
  }

  bool done() const {
    return table_ != nullptr && next_head_ == table_->heads_of_bucket();
  }

  std::vector<FlowInfo> Take() {
    std::sort_heap(heaviest_.begin(), heaviest_.end(), Heavier);
    return std::move(heaviest_);
  }

 private:
  void Weigh(const Connection& connection, std::int64_t now_ns) {
    const FlowInfo info = InfoOf(connection, now_ns);
    if (heaviest_.size() == count_) {
      if (!Heavier(info, heaviest_.front())) return;
      std::pop_heap(heaviest_.begin(), heaviest_.end(), Heavier);
      heaviest_.pop_back();
    }
    heaviest_.push_back(info);
    std::push_heap(heaviest_.begin(), heaviest_.end(), Heavier);
  }

  const ConnectionPool& connections_;
  const std::size_t count_;
  const ConnectionTable* table_ = nullptr;  // null: not begun
  std::size_t next_head_ = 0;
  std::vector<FlowInfo> heaviest_;  // a heap, the lightest first
};

}  // namespace

absl::StatusOr<FlowTrace> UserSpaceEngine::Trace(const FlowKey& key) {
  const FlowKey kept =
      KeyFormFor(hash_) == KeyForm::kCanonical ? Canonical(key) : key;
  FlowTrace trace;
  trace.hash = hash_(kept);
  trace.bucket = BucketOf(trace.hash, layout_.buckets);
  const MonotonicTime deadline = SystemClock().Monotonic() + kQueryLimit;
  for (;;) {
    const auto found = std::make_shared<std::optional<FlowInfo>>();
    const auto look = [this, kept, hash = trace.hash, found](
                          const Bucket& bucket, std::int64_t now_ns) {
      const ConnectionIndex index = bucket.table->Find(hash, kept);
      if (index == kNoConnection) return;
      *found = InfoOf((*connections_)[index], now_ns);
    };
    trace.processor = OwnerOf(trace.bucket);
    LB_ASSIGN_OR_RETURN(const VisitAnswer answer,
                        Visit(trace.processor, trace.bucket, look, deadline));
    if (answer != VisitAnswer::kLooked) continue;
    trace.flow = *found;
    return trace;
  }
}

absl::StatusOr<std::vector<FlowInfo>> UserSpaceEngine::Heaviest(
    BucketId bucket, std::size_t count) {
  if (bucket.value() >= layout_.buckets) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no bucket ", bucket.value(),
                     "; buckets are 0 to ", layout_.buckets - 1));
  }
  if (count < 1 || count > kMaxHeaviest) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot tell the ", count,
                     " heaviest connections; ask for 1 to ", kMaxHeaviest));
  }
  const MonotonicTime deadline = SystemClock().Monotonic() + kQueryLimit;
  auto walk = std::make_shared<HeaviestWalk>(*connections_, count);
  for (;;) {
    const auto look = [walk](const Bucket& at, std::int64_t now_ns) {
      walk->GoOn(at, now_ns);
    };
    LB_ASSIGN_OR_RETURN(const VisitAnswer answer,
                        Visit(OwnerOf(bucket), bucket, look, deadline));
    if (answer == VisitAnswer::kLooked && walk->done()) return walk->Take();
    if (SystemClock().Monotonic() >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("bucket ", bucket.value(),
                       " has more connections than could be looked at within ",
                       kQueryLimit.count(), " s"));
    }
    // Whoever was asked may be at this one still.
    if (answer == VisitAnswer::kNone) {
      walk = std::make_shared<HeaviestWalk>(*connections_, count);
    }
    WaitFor(queries_, kSlicePause, [this] { return Stopped(); });
  }
}

ProcessorId UserSpaceEngine::OwnerOf(BucketId bucket) const {
  const std::lock_guard lock(table_mutex_);
  return table_.owner[bucket.index()];
}

absl::StatusOr<VisitAnswer> UserSpaceEngine::Visit(ProcessorId owner,
                                                   BucketId bucket,
                                                   LookIntoBucket look,
                                                   MonotonicTime deadline) {
  const auto visit =
      std::make_shared<BucketVisit>(bucket, std::move(look), queries_);
  shared_.processors[owner.index()]->Post(VisitBucket{visit});
  const auto answered_or_stopped = [&] {
    return visit->answer.load() != VisitAnswer::kNone || Stopped();
  };
  // One that hangs does not answer; whoever takes its buckets over does.
  while (!WaitFor(queries_, kLookInterval, answered_or_stopped) &&
         OwnerOf(bucket) == owner) {
    if (SystemClock().Monotonic() < deadline) continue;
    return absl::DeadlineExceededError(
        absl::StrCat("processor ", owner.value(), ", which has bucket ",
                     bucket.value(), ", does not answer"));
  }
  const VisitAnswer answer = visit->answer.load();
  if (answer == VisitAnswer::kLooked) return answer;
  if (Stopped()) return absl::CancelledError("the data plane has stopped");
  if (SystemClock().Monotonic() >= deadline) {
    return absl::DeadlineExceededError(
        absl::StrCat("bucket ", bucket.value(), " was under way to processor ",
                     owner.value(), " all the time"));
  }
  if (answer == VisitAnswer::kNotHere) {
    WaitFor(queries_, kRetry, [this] { return Stopped(); });
  }
  return answer;
}

}  // namespace lb::dataplane
