// The buckets a planner may still move, by owner and load. Pure, integers
// only. Thread-compatible.
#ifndef LB_BALANCE_BUCKET_POOL_H_
#define LB_BALANCE_BUCKET_POOL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "balance/draft_table.h"
#include "balance/snapshot.h"

namespace lb::balance {

class BucketPool {
 public:
  // Holds every bucket of a processor in service that is neither pinned nor
  // resting. `snapshot` outlives the pool; loads are taken from `draft`.
  BucketPool(const Snapshot& snapshot, const DraftTable& draft);

  // The bucket of `from` that carries a load of at most `limit`, may go to
  // `to`, and whose load is nearest `wanted`. Ties: the lighter one, then the
  // lower index.
  std::optional<std::size_t> Nearest(std::size_t from, std::size_t to,
                                     std::uint64_t wanted,
                                     std::uint64_t limit) const;

  // The lowest bucket of `from` without a load that may go to `to`.
  std::optional<std::size_t> Idle(std::size_t from, std::size_t to) const;

  // True if `from` has a bucket with a load of 1..limit, wherever it may go.
  bool HasUpTo(std::size_t from, std::uint64_t limit) const;

  // Takes out a bucket that is about to move from `from`; nothing moves twice.
  void Remove(std::size_t from, std::size_t bucket);

 private:
  struct Entry {
    std::uint64_t load;
    std::size_t bucket;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };

  bool MayGo(std::size_t bucket, std::size_t to) const;

  const Snapshot& snapshot_;
  std::vector<std::uint64_t> load_;             // by bucket
  std::vector<std::vector<Entry>> loaded_;      // by owner, lightest first
  std::vector<std::vector<std::size_t>> idle_;  // by owner, lowest first
};

}  // namespace lb::balance

#endif  // LB_BALANCE_BUCKET_POOL_H_
