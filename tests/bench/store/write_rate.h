// How fast history is written: by the store, and by a bare loop that inserts
// the same rows into the same tables, packed beforehand, with the same
// durability and as many of them a transaction as the store's were on average.
#ifndef LB_TESTS_BENCH_STORE_WRITE_RATE_H_
#define LB_TESTS_BENCH_STORE_WRITE_RATE_H_

#include <cstddef>
#include <string>

namespace lb::bench {

struct WriteRate {
  std::size_t rows = 0;
  double store_rows_per_s = 0;
  double bare_rows_per_s = 0;
  double rows_a_transaction = 0;
};

// Both make their files in `directory`, which is empty.
//
// telemetry.db, from the first Append() until every row can be read: reports,
// and buckets with every tenth.
WriteRate MeasureTelemetry(const std::string& directory);
// control.db, from the first Commit() until the last is answered: plans with
// their moves, inputs, events and audit records, all under way at once.
WriteRate MeasureControl(const std::string& directory);

}  // namespace lb::bench

#endif  // LB_TESTS_BENCH_STORE_WRITE_RATE_H_
