// Where connection records come from: one slab for the host and, per
// processor, a cache of free records that takes and returns them in bulk.
// ConnectionPool: any thread. ConnectionCache: one thread at a time.
#ifndef LB_DATAPLANE_CORE_CONNECTION_POOL_H_
#define LB_DATAPLANE_CORE_CONNECTION_POOL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/core/connection.h"

namespace lb::dataplane {

// The slab is reserved once; memory that no connection has ever used costs
// address space only. Records never move: a reference stays good until the
// record is freed, an index as long as the pool.
class ConnectionPool {
 public:
  // INVALID_ARGUMENT unless 1 <= max_connections < kNoConnection;
  // RESOURCE_EXHAUSTED if the address space is refused.
  static absl::StatusOr<std::unique_ptr<ConnectionPool>> Create(
      std::uint32_t max_connections);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // Of an allocated record; only the owner of its bucket may touch it.
  Connection& operator[](ConnectionIndex index) { return slab_[index]; }
  const Connection& operator[](ConnectionIndex index) const {
    return slab_[index];
  }

  // The slab's first record, for the structures that link connections.
  Connection* base() { return slab_; }

  std::uint32_t max_connections() const { return max_connections_; }

  // Records that are neither allocated nor in a cache.
  std::uint32_t free_connections();

 private:
  friend class ConnectionCache;

  ConnectionPool(Connection* slab, std::uint32_t max_connections);

  // Fills as much of `indices` as there is and returns how many.
  std::size_t Take(std::span<ConnectionIndex> indices);
  void Return(std::span<const ConnectionIndex> indices);

  Connection* const slab_;  // mapped; owned
  const std::uint32_t max_connections_;

  std::mutex mutex_;
  std::vector<ConnectionIndex> free_;  // records used before
  ConnectionIndex untouched_ = 0;      // from here on never used
};

// Allocates and frees on the packet path without a lock, except for one in
// kBulk calls. Up to 2 * kBulk free records wait in a cache, so the limit can
// be felt that much early by other processors.
class ConnectionCache {
 public:
  static constexpr std::size_t kBulk = 64;

  // `pool` must outlive the cache.
  explicit ConnectionCache(ConnectionPool& pool) : pool_(pool) {}
  // Returns what is cached to the pool.
  ~ConnectionCache();
  ConnectionCache(const ConnectionCache&) = delete;
  ConnectionCache& operator=(const ConnectionCache&) = delete;

  // A record with every field as Connection declares it; kNoConnection when
  // the limit is reached.
  ConnectionIndex Allocate();

  // Takes back a record, of whichever cache, that is in no table, queue or
  // wheel any more.
  void Free(ConnectionIndex index);

  // Free records kept here.
  std::size_t size() const { return size_; }

 private:
  ConnectionPool& pool_;
  std::size_t size_ = 0;
  std::array<ConnectionIndex, 2 * kBulk> cached_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_CONNECTION_POOL_H_
