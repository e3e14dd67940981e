#include "dataplane/core/connection_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cassert>

namespace lb::dataplane {
namespace {

// 16 heads are a cache line: the least a bucket gets, so that no line belongs
// to two buckets.
constexpr std::uint32_t kMinHeads = 16;

std::uint32_t HeadBits(std::uint32_t max_connections, std::uint32_t buckets) {
  const std::uint32_t share = (max_connections - 1) / buckets + 1;
  return static_cast<std::uint32_t>(
      std::countr_zero(std::bit_ceil(std::max(share, kMinHeads))));
}

}  // namespace

ConnectionTable::ConnectionTable(ConnectionPool& pool, std::uint32_t buckets)
    : connections_(pool.base()),
      bucket_mask_(buckets - 1),
      head_bits_(HeadBits(pool.max_connections(), buckets)),
      sizes_(buckets) {
  assert(std::has_single_bit(buckets) && buckets <= 65'536);
  heads_.reset(new (kAlignment) ConnectionIndex[heads()]);
  // Only a hint, given before the memory is touched.
  static_cast<void>(::madvise(heads_.get(), heads() * sizeof(ConnectionIndex),
                              MADV_HUGEPAGE));
  std::fill_n(heads_.get(), heads(), kNoConnection);
}

void ConnectionTable::Insert(ConnectionIndex index) {
  Connection& connection = connections_[index];
  ConnectionIndex& head = heads_[HeadOf(connection.hash)];
  connection.next_in_chain = head;
  head = index;
  ++sizes_[connection.hash & bucket_mask_].connections;
}

void ConnectionTable::Erase(ConnectionIndex index) {
  Connection& connection = connections_[index];
  ConnectionIndex* link = &heads_[HeadOf(connection.hash)];
  while (*link != index) {
    assert(*link != kNoConnection);
    link = &connections_[*link].next_in_chain;
  }
  *link = connection.next_in_chain;
  connection.next_in_chain = kNoConnection;
  --sizes_[connection.hash & bucket_mask_].connections;
}

}  // namespace lb::dataplane
