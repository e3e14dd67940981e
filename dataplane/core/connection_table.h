// From a flow key to its connection: a hash table with chains, whose heads are
// partitioned by bucket. Plain data per bucket: a method may be called by the
// thread that owns the bucket concerned, and owners of different buckets never
// touch the same cache line, so nothing is locked and moving a bucket moves no
// memory.
#ifndef LB_DATAPLANE_CORE_CONNECTION_TABLE_H_
#define LB_DATAPLANE_CORE_CONNECTION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "common/flow_key.h"
#include "common/ids.h"
#include "dataplane/core/connection.h"
#include "dataplane/core/connection_pool.h"

namespace lb::dataplane {

// Allocates everything when made. A connection is found by hash and key; the
// bucket is the hash modulo the number of buckets and is not passed.
class ConnectionTable {
 public:
  // `buckets` is a power of two, at most 65,536. `pool` must outlive the
  // table. A bucket gets as many heads as its even share of the pool's
  // connections, rounded up to a power of two, 16 at least.
  ConnectionTable(ConnectionPool& pool, std::uint32_t buckets);

  // kNoConnection if there is none.
  ConnectionIndex Find(std::uint32_t hash, const FlowKey& key) const {
    ConnectionIndex index = heads_[HeadOf(hash)];
    while (index != kNoConnection) {
      const Connection& connection = connections_[index];
      if (connection.hash == hash && SameKey(connection.key, key)) break;
      index = connection.next_in_chain;
    }
    return index;
  }

  // A lookup touches its head and then a connection. A caller that has a batch
  // of packets hides both waits: PrefetchHead() for all, PrefetchConnection()
  // for all, then Find() for each. Both only hint.
  LB_PREFETCHES void PrefetchHead(std::uint32_t hash) const {
    __builtin_prefetch(&heads_[HeadOf(hash)]);
  }
  LB_PREFETCHES void PrefetchConnection(std::uint32_t hash) const {
    const ConnectionIndex index = heads_[HeadOf(hash)];
    if (index == kNoConnection) return;
    __builtin_prefetch(&connections_[index]);
    __builtin_prefetch(&connections_[index].queue, /*rw=*/1);
  }

  // The first connection to look at for a hash, as a hint; kNoConnection if
  // none has it.
  ConnectionIndex First(std::uint32_t hash) const {
    return heads_[HeadOf(hash)];
  }

  // Adds a connection whose hash and key are set and which is in no table. No
  // other connection may have this key.
  void Insert(ConnectionIndex index);

  // Takes out a connection that is in the table. O(length of its chain).
  void Erase(ConnectionIndex index);

  // Connections of a bucket.
  std::uint32_t size(BucketId bucket) const {
    return sizes_[bucket.index()].connections;
  }

  // Calls visit(ConnectionIndex) for every connection of the bucket, in no
  // particular order. `visit` may erase the connection it was given, and no
  // other. O(heads of a bucket + its connections).
  template <class Visit>
  void ForEach(BucketId bucket, Visit&& visit) const {
    for (std::size_t head = 0; head < heads_of_bucket(); ++head) {
      ForEachOf(bucket, head, visit);
    }
  }

  // The same for one of the bucket's heads, of which there are
  // heads_of_bucket(): to go through a bucket in parts, with others' work in
  // between. A connection stays behind its head as long as it is in the table.
  // O(connections behind the head), which is what Find() takes at worst.
  template <class Visit>
  void ForEachOf(BucketId bucket, std::size_t head, Visit&& visit) const {
    ConnectionIndex index = heads_[(bucket.index() << head_bits_) + head];
    while (index != kNoConnection) {
      const ConnectionIndex next = connections_[index].next_in_chain;
      visit(index);
      index = next;
    }
  }
  std::size_t heads_of_bucket() const { return std::size_t{1} << head_bits_; }

  // Heads of all buckets together, each 4 bytes.
  std::size_t heads() const { return sizes_.size() << head_bits_; }

 private:
  // A line of its own, so that owners of neighbouring buckets share none.
  struct alignas(64) Size {
    std::uint32_t connections = 0;
  };
  // Heads are aligned to huge pages: small ones cost a TLB miss per packet.
  static constexpr std::align_val_t kAlignment{2 << 20};
  struct FreeAligned {
    void operator()(ConnectionIndex* heads) const {
      ::operator delete[](heads, kAlignment);
    }
  };

  // 38 bytes without padding as five words, the last overlapping the fourth.
  static bool SameKey(const FlowKey& a, const FlowKey& b) {
    std::uint64_t difference = 0;
    for (const unsigned offset : {0U, 8U, 16U, 24U, 30U}) {
      std::uint64_t x = 0;
      std::uint64_t y = 0;
      std::memcpy(&x, reinterpret_cast<const char*>(&a) + offset, sizeof x);
      std::memcpy(&y, reinterpret_cast<const char*>(&b) + offset, sizeof y);
      difference |= x ^ y;
    }
    return difference == 0;
  }

  // The low bits of the hash pick the bucket's slice; the whole hash, mixed by
  // multiplication (Knuth, The Art of Computer Programming 3, 6.4), picks the
  // head in it.
  std::size_t HeadOf(std::uint32_t hash) const {
    const std::uint32_t mixed = hash * 0x9e37'79b1U;
    return (std::size_t{hash & bucket_mask_} << head_bits_) |
           static_cast<std::size_t>((std::uint64_t{mixed} << head_bits_) >> 32);
  }

  Connection* const connections_;
  const std::uint32_t bucket_mask_;
  const std::uint32_t head_bits_;  // log2 of a bucket's heads
  std::unique_ptr<ConnectionIndex[], FreeAligned> heads_;
  std::vector<Size> sizes_;  // by BucketId
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_CONNECTION_TABLE_H_
