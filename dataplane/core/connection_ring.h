// A first-in first-out list of connections that any of them may leave: a ring
// of indices in one array, with holes where connections left. Unlike a list
// linked through the connections, it tells who comes a few places further on
// without touching those between, so that they can be fetched in time. Plain
// data of one thread.
#ifndef LB_DATAPLANE_CORE_CONNECTION_RING_H_
#define LB_DATAPLANE_CORE_CONNECTION_RING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/core/connection.h"

namespace lb::dataplane {

// Keeps each member's place in Connection::round_place; a connection is in one
// ring at a time. Everything is O(1), amortized over the holes. Allocates when
// made, and again only when there are more members than room was made for.
class ConnectionRing {
 public:
  // `connections` is the base of the pool.
  ConnectionRing(Connection* connections, std::uint32_t room);

  std::uint32_t size() const { return size_; }

  void PushBack(ConnectionIndex index) {
    if (tail_ - head_ > mask_) [[unlikely]]
      MakeRoom();
    Put(tail_++, index);
  }

  void PushFront(ConnectionIndex index) {
    if (tail_ - head_ > mask_) [[unlikely]]
      MakeRoom();
    Put(--head_, index);
  }

  // Takes out the first; the ring must not be empty.
  ConnectionIndex PopFront() {
    SkipHoles();
    const ConnectionIndex index = places_[head_++ & mask_];
    if (--size_ == 0) head_ = tail_;
    return index;
  }

  // The first; the ring must not be empty.
  ConnectionIndex front() {
    SkipHoles();
    return places_[head_ & mask_];
  }

  // Takes out a member, wherever it is.
  void Remove(ConnectionIndex index) {
    places_[connections_[index].round_place & mask_] = kNoConnection;
    if (--size_ == 0) head_ = tail_;
  }

  // Who is `distance` places behind the first, holes counted; kNoConnection at
  // a hole or past the end. A hint for prefetching.
  ConnectionIndex Ahead(std::uint32_t distance) const {
    if (tail_ - head_ <= distance) return kNoConnection;
    return places_[(head_ + distance) & mask_];
  }

 private:
  void Put(std::uint32_t place, ConnectionIndex index) {
    places_[place & mask_] = index;
    connections_[index].round_place = place;
    ++size_;
  }
  void SkipHoles() {
    while (places_[head_ & mask_] == kNoConnection) ++head_;
  }
  // Closes the holes, in an array twice the size if they are too few.
  void MakeRoom();

  Connection* const connections_;
  std::vector<ConnectionIndex> places_;  // a power of two
  std::uint32_t mask_;
  std::uint32_t size_ = 0;
  // Places from head_ to before tail_ are in use; both wrap.
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_CONNECTION_RING_H_
