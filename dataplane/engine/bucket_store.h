// Where the state of buckets lives: one for each to start with, and further
// ones for buckets taken over from a processor that may still touch what it
// had. Thread safe.
#ifndef LB_DATAPLANE_ENGINE_BUCKET_STORE_H_
#define LB_DATAPLANE_ENGINE_BUCKET_STORE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "common/ids.h"
#include "dataplane/core/bucket.h"
#include "dataplane/core/connection_pool.h"
#include "dataplane/core/connection_table.h"

namespace lb::dataplane {

// States come in layers that hold one of every bucket and the chains for its
// connections. The first is in use from the start; another is made when a
// bucket is to begin afresh while all states it has are in somebody's hands.
// References stay good as long as the store.
class BucketStore {
 public:
  // `connections` must outlive the store.
  BucketStore(ConnectionPool& connections, std::uint32_t buckets);

  std::uint32_t buckets() const { return buckets_; }

  // The state that the bucket starts with.
  Bucket& First(BucketId id) { return layers_.front()->states[id.index()]; }

  // A state without connections, whose wheel starts at `now`.
  Bucket& TakeFresh(BucketId id, TimerTick now);
  // Takes back a state that has no connections any more.
  void PutBack(const Bucket& state);

  // Packets of a bucket served in all its states, and connections open in all
  // of all buckets. Only when no processor runs.
  std::uint64_t served(BucketId id) const;
  std::uint64_t connections() const;

 private:
  struct Layer {
    Layer(ConnectionPool& connections, std::uint32_t buckets);
    ConnectionTable table;
    std::vector<Bucket> states;  // by BucketId
    std::vector<bool> free;      // by BucketId
  };

  ConnectionPool& connections_;
  const std::uint32_t buckets_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Layer>> layers_;  // the first never changes
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_BUCKET_STORE_H_
