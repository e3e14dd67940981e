#include "dataplane/core/connection_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <memory>
#include <new>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace lb::dataplane {

absl::StatusOr<std::unique_ptr<ConnectionPool>> ConnectionPool::Create(
    std::uint32_t max_connections) {
  if (max_connections == 0 || max_connections >= kNoConnection) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_connections is ", max_connections,
                     ", must be between 1 and ", kNoConnection - 1));
  }
  const std::size_t bytes = std::size_t{max_connections} * sizeof(Connection);
  void* const slab =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, /*fd=*/-1, 0);
  if (slab == MAP_FAILED) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "cannot map ", bytes, " bytes for max_connections ", max_connections,
        ": ", std::generic_category().message(errno),
        "; lower max_connections"));
  }
  // Random access over 4 KiB pages costs a TLB miss per packet. Only a hint:
  // a kernel without huge pages is as correct.
  static_cast<void>(::madvise(slab, bytes, MADV_HUGEPAGE));
  return std::unique_ptr<ConnectionPool>(
      new ConnectionPool(static_cast<Connection*>(slab), max_connections));
}

ConnectionPool::ConnectionPool(Connection* slab, std::uint32_t max_connections)
    : slab_(slab), max_connections_(max_connections) {
  free_.reserve(max_connections);
}

ConnectionPool::~ConnectionPool() {
  ::munmap(slab_, std::size_t{max_connections_} * sizeof(Connection));
}

std::size_t ConnectionPool::Take(std::span<ConnectionIndex> indices) {
  const std::lock_guard lock(mutex_);
  const std::size_t used_before = std::min(indices.size(), free_.size());
  const auto first = free_.end() - static_cast<std::ptrdiff_t>(used_before);
  std::copy(first, free_.end(), indices.begin());
  free_.erase(first, free_.end());
  std::size_t taken = used_before;
  // Handed out downwards by Allocate(), so that low records are used first.
  const std::size_t fresh = std::min<std::size_t>(
      indices.size() - taken, max_connections_ - untouched_);
  untouched_ += static_cast<ConnectionIndex>(fresh);
  for (std::size_t i = 0; i < fresh; ++i) {
    indices[taken++] = untouched_ - 1 - static_cast<ConnectionIndex>(i);
  }
  return taken;
}

void ConnectionPool::Return(std::span<const ConnectionIndex> indices) {
  const std::lock_guard lock(mutex_);
  assert(free_.size() + indices.size() <= max_connections_);
  free_.insert(free_.end(), indices.begin(), indices.end());
}

std::uint32_t ConnectionPool::free_connections() {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(free_.size()) + max_connections_ -
         untouched_;
}

ConnectionCache::~ConnectionCache() {
  pool_.Return(std::span(cached_).first(size_));
}

ConnectionIndex ConnectionCache::Allocate() {
  if (size_ == 0) {
    size_ = pool_.Take(std::span(cached_).first(kBulk));
    if (size_ == 0) return kNoConnection;
  }
  const ConnectionIndex index = cached_[--size_];
  ::new (&pool_[index]) Connection();
  return index;
}

void ConnectionCache::Free(ConnectionIndex index) {
  assert(index < pool_.max_connections());
  if (size_ == cached_.size()) {
    // The oldest go back; the newest are still in the processor's cache.
    pool_.Return(std::span(cached_).first(kBulk));
    std::copy(cached_.begin() + kBulk, cached_.end(), cached_.begin());
    size_ -= kBulk;
  }
  cached_[size_++] = index;
}

}  // namespace lb::dataplane
