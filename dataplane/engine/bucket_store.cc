#include "dataplane/engine/bucket_store.h"

#include <algorithm>

namespace lb::dataplane {

BucketStore::Layer::Layer(ConnectionPool& connections, std::uint32_t buckets)
    : table(connections, buckets), free(buckets, true) {
  states.reserve(buckets);
  for (std::uint32_t b = 0; b < buckets; ++b) {
    states.emplace_back(BucketId(b), connections.base(), &table);
  }
}

BucketStore::BucketStore(ConnectionPool& connections, std::uint32_t buckets)
    : connections_(connections), buckets_(buckets) {
  layers_.push_back(std::make_unique<Layer>(connections, buckets));
  layers_.front()->free.assign(buckets, false);
}

Bucket& BucketStore::TakeFresh(BucketId id, TimerTick now) {
  const std::lock_guard lock(mutex_);
  auto layer = std::find_if(layers_.begin(), layers_.end(),
                            [&](const auto& l) { return l->free[id.index()]; });
  if (layer == layers_.end()) {
    layers_.push_back(std::make_unique<Layer>(connections_, buckets_));
    layer = layers_.end() - 1;
  }
  (*layer)->free[id.index()] = false;
  Bucket& state = (*layer)->states[id.index()];
  const std::uint64_t served = state.served_before + state.interval.served;
  state = Bucket(id, connections_.base(), &(*layer)->table, now);
  state.served_before = served;
  return state;
}

void BucketStore::PutBack(const Bucket& state) {
  const std::lock_guard lock(mutex_);
  for (const auto& layer : layers_) {
    if (&layer->table == state.table) layer->free[state.id.index()] = true;
  }
}

std::uint64_t BucketStore::served(BucketId id) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& layer : layers_) {
    const Bucket& state = layer->states[id.index()];
    sum += state.served_before + state.interval.served;
  }
  return sum;
}

std::uint64_t BucketStore::connections() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& layer : layers_) {
    for (const Bucket& state : layer->states) {
      sum += layer->table.size(state.id);
    }
  }
  return sum;
}

}  // namespace lb::dataplane
