#include "balance/move_history.h"

#include <algorithm>

namespace lb::balance {

void MoveHistory::Add(std::span<const Move> moves, MonotonicTime when) {
  for (const Move& move : moves) {
    const auto [at, first] =
        moves_.try_emplace(move.bucket, Last{move.from, when, std::nullopt});
    if (!first) at->second = {move.from, when, at->second.when};
  }
}

void MoveHistory::Mark(Snapshot& snapshot, const Policy& policy,
                       MonotonicTime now) const {
  for (const auto& [bucket, last] : moves_) {
    if (bucket.index() >= snapshot.buckets.size()) continue;
    BucketState& state = snapshot.buckets[bucket.index()];
    if (!snapshot.processors[state.owner.index()].in_service) continue;
    const auto since = now - last.when;
    const bool twice = last.before && now - *last.before < policy.return_time;
    if (since < policy.bucket_cooldown || twice) state.resting = true;
    if (since < policy.return_time) state.no_return = last.from;
  }
}

void MoveHistory::Forget(const Policy& policy, MonotonicTime now) {
  const auto longest = std::max(policy.bucket_cooldown, policy.return_time);
  std::erase_if(moves_, [&](const auto& entry) {
    return now - entry.second.when >= longest;
  });
}

}  // namespace lb::balance
