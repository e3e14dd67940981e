// The connections of a simulated host: the data plane's records, and the
// bucket each belongs to. One thread; nothing allocates once made, but for a
// bucket that gets more connections than ever before.
#ifndef LB_SIM_CONNECTION_BOOK_H_
#define LB_SIM_CONNECTION_BOOK_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "common/ids.h"
#include "dataplane/core/connection.h"
#include "sim/packet_store.h"

namespace lb::sim {

class ConnectionBook {
 public:
  struct State {
    BucketId bucket;
    std::uint32_t pending = 0;  // packets that wait or are served
    std::uint32_t place = 0;    // among its bucket's connections
    bool closed = false;
    std::int64_t last_served_ns = 0;  // arrival of the packet served last
  };

  // At most `open` connections are open at a time, and at most `packets`
  // packets are pending.
  ConnectionBook(std::uint32_t buckets, std::size_t open, std::size_t packets);

  ConnectionIndex Open(BucketId bucket);
  // Nothing arrives for it any more; its bucket keeps it until its record is
  // needed again and nothing of it is pending.
  void Close(ConnectionIndex connection);

  State& operator[](ConnectionIndex connection) { return states_[connection]; }
  const State& operator[](ConnectionIndex connection) const {
    return states_[connection];
  }
  std::span<const ConnectionIndex> OfBucket(BucketId bucket) const {
    return of_bucket_[bucket.index()];
  }
  // Open ones only.
  std::uint32_t CountOpen(BucketId bucket) const;

  // All connections of the bucket begin afresh, as after a takeover: what they
  // held is forgotten. Nothing of them may wait in a queue.
  void Renew(BucketId bucket);

  dataplane::Connection* records() { return records_.get(); }

 private:
  bool MayReuse(ConnectionIndex connection) const;
  void Leave(ConnectionIndex connection);

  std::unique_ptr<dataplane::Connection[]> records_;
  std::vector<State> states_;
  std::vector<std::vector<ConnectionIndex>> of_bucket_;
  std::vector<ConnectionIndex> free_;
  std::deque<ConnectionIndex> closed_;
};

}  // namespace lb::sim

#endif  // LB_SIM_CONNECTION_BOOK_H_
