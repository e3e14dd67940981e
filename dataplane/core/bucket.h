// What a processor owns of a bucket: plain data that moves as a whole from one
// processor to another. No thread but the owner's touches it.
#ifndef LB_DATAPLANE_CORE_BUCKET_H_
#define LB_DATAPLANE_CORE_BUCKET_H_

#include <cstdint>

#include "common/ids.h"
#include "dataplane/core/connection.h"
#include "dataplane/core/timing_wheel.h"

namespace lb::dataplane {

class ConnectionTable;

// Sums over the current interval.
struct BucketInterval {
  std::uint64_t arrived = 0;  // packets, dropped ones included
  std::uint64_t served = 0;
  std::uint64_t dropped = 0;
  std::uint64_t service_ns = 0;
  // Service time of dropped packets, had they been served: each counts with
  // its connection's mean, or the bucket's where there is no connection.
  std::uint64_t dropped_ns = 0;
};

// Buckets are aligned to cache lines: owners of neighbours share none.
struct alignas(64) Bucket {
  // `connection_table` holds the bucket's connections; `now` is the tick its
  // wheel starts at.
  Bucket(BucketId bucket, Connection* connections,
         ConnectionTable* connection_table = nullptr, TimerTick now = 0)
      : id(bucket), table(connection_table), wheel(connections, now) {}

  // Ends the interval: updates the mean service time by half of the
  // difference, if anything was served, and returns the sums.
  BucketInterval CloseInterval() {
    const BucketInterval closed = interval;
    if (closed.served > 0) {
      const std::uint64_t mean = closed.service_ns / closed.served;
      mean_service_ns =
          mean_service_ns == 0 ? mean : (mean_service_ns + mean) / 2;
    }
    served_before += closed.served;
    interval = BucketInterval{};
    return closed;
  }

  BucketId id;
  ConnectionTable* table;             // where its connections are
  std::uint64_t mean_service_ns = 0;  // of a packet; 0: none served yet
  BucketInterval interval;
  std::uint64_t served_before = 0;  // in all intervals closed so far
  TimingWheel wheel;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_BUCKET_H_
