#include "sim/connection_book.h"

#include <cassert>

namespace lb::sim {

ConnectionBook::ConnectionBook(std::uint32_t buckets, std::size_t open,
                               std::size_t packets)
    : of_bucket_(buckets) {
  // Each pending packet may keep one closed connection from being reused, and
  // each processor's turn another; no processor has a turn without packets.
  const std::size_t most = open + packets + 1;
  records_ = std::make_unique<dataplane::Connection[]>(most);
  states_.resize(most);
  free_.reserve(most);
  for (std::size_t i = most; i > 0; --i) {
    free_.push_back(static_cast<ConnectionIndex>(i - 1));
  }
}

ConnectionIndex ConnectionBook::Open(BucketId bucket) {
  // The one closed longest ago is likely at rest; others get another chance.
  for (std::size_t tries = closed_.size(); tries > 0; --tries) {
    const ConnectionIndex candidate = closed_.front();
    closed_.pop_front();
    if (MayReuse(candidate)) {
      Leave(candidate);
      free_.push_back(candidate);
      break;
    }
    closed_.push_back(candidate);
    if (!free_.empty()) break;
  }
  assert(!free_.empty());
  const ConnectionIndex connection = free_.back();
  free_.pop_back();
  records_[connection] = dataplane::Connection();
  std::vector<ConnectionIndex>& others = of_bucket_[bucket.index()];
  states_[connection] = {.bucket = bucket,
                         .place = static_cast<std::uint32_t>(others.size())};
  others.push_back(connection);
  return connection;
}

void ConnectionBook::Close(ConnectionIndex connection) {
  states_[connection].closed = true;
  closed_.push_back(connection);
}

std::uint32_t ConnectionBook::CountOpen(BucketId bucket) const {
  std::uint32_t open = 0;
  for (const ConnectionIndex connection : OfBucket(bucket)) {
    if (!states_[connection].closed) ++open;
  }
  return open;
}

void ConnectionBook::Renew(BucketId bucket) {
  for (const ConnectionIndex connection : OfBucket(bucket)) {
    records_[connection] = dataplane::Connection();
  }
}

bool ConnectionBook::MayReuse(ConnectionIndex connection) const {
  return states_[connection].pending == 0 &&
         records_[connection].round != dataplane::RoundState::kServing;
}

void ConnectionBook::Leave(ConnectionIndex connection) {
  std::vector<ConnectionIndex>& others =
      of_bucket_[states_[connection].bucket.index()];
  const std::uint32_t place = states_[connection].place;
  others[place] = others.back();
  states_[others[place]].place = place;
  others.pop_back();
}

}  // namespace lb::sim
