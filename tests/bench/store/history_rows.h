// What the history's benches write: rows of the size of real ones, of hosts
// with 16 processors and 1,024 buckets. The same in every run.
#ifndef LB_TESTS_BENCH_STORE_HISTORY_ROWS_H_
#define LB_TESTS_BENCH_STORE_HISTORY_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "controller/core/records.h"
#include "controller/core/store.h"

namespace lb::bench {

inline constexpr std::size_t kHosts = 16;
inline constexpr std::size_t kMovesAPlan = 16;
// Every so many reports come with their buckets.
inline constexpr std::size_t kReportsABucketSample = 10;

// A host that is written, with an event.
controller::Change HostChange(std::size_t host);

// Reports in order of time, the hosts by turns.
controller::ProcessorSample ProcessorSampleAt(std::size_t report);
controller::BucketSample BucketSampleAt(std::size_t report);

// A plan of kMovesAPlan moves that is sent because somebody asked for it: with
// its inputs, an event and an audit record.
controller::Change PlanChangeAt(std::size_t plan);
// An event and an audit record, without a plan.
controller::Change AuditChangeAt(std::size_t record);

}  // namespace lb::bench

#endif  // LB_TESTS_BENCH_STORE_HISTORY_ROWS_H_
