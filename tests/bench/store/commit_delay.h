// How long commits take while the history is read.
#ifndef LB_TESTS_BENCH_STORE_COMMIT_DELAY_H_
#define LB_TESTS_BENCH_STORE_COMMIT_DELAY_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "controller/core/store.h"
#include "tests/bench/store/opened_store.h"

namespace lb::bench {

// What is done again and again while plans are committed.
enum class Reading : std::uint8_t {
  kNothing,
  kAudit,   // every audit record, in pages, as who exports or verifies it
  kEvents,  // every event since the first, in pages, as who watches them
  kBackup,
};

struct CommitDelays {
  std::vector<double> commit_ms;  // of each
  std::uint64_t rows_read = 0;
  std::uint64_t backups = 0;
};

// Commits so many audit records, each with an event.
void FillAudit(controller::Store& store, std::size_t records);

// Commits a plan every 20 ms, one at a time, until `time` has passed; each is
// timed from when it was due until its result is there. Backups are made in
// `directory` and removed. Throws std::runtime_error for what fails.
CommitDelays MeasureCommits(controller::Store& store, Reading reading,
                            std::chrono::seconds time,
                            const std::string& directory);

}  // namespace lb::bench

#endif  // LB_TESTS_BENCH_STORE_COMMIT_DELAY_H_
