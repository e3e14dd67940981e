// A plan: a complete table for one host, and what became of it. Pure values.
#ifndef LB_COMMON_PLAN_H_
#define LB_COMMON_PLAN_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/counters.h"
#include "common/ids.h"
#include "common/table.h"

namespace lb {

// One bucket from one processor to another.
struct Move {
  BucketId bucket;
  ProcessorId from;
  ProcessorId to;
  friend bool operator==(const Move&, const Move&) = default;
};

// Moves that turn `base` into `next`, in bucket order. Both have the same N.
std::vector<Move> DeriveMoves(const Table& base, const Table& next);

// Numbered by (term, epoch) within a host; replaces the table whose digest is
// `base`. The moves are derived, never carried.
struct Plan {
  std::string host;
  std::string store_id;  // of the store that committed it
  Term term;
  Epoch epoch;
  Digest base;
  Table table;
};

enum class MoveOutcome : std::uint8_t {
  kMoved = 1,      // handed over whole
  kTakenOver = 2,  // taken from a stalled processor; what it held was dropped
  kNotMoved = 3,   // still with its old owner
};

struct MoveResult {
  Move move;
  MoveOutcome outcome = MoveOutcome::kMoved;
  // From the table's change until the new owner may serve the bucket.
  std::chrono::nanoseconds pause{0};
};

// What applying a table did. `counters` are what changed during the
// application, over the whole host.
struct ApplyResult {
  std::vector<MoveResult> moves;
  Counters counters;
  Digest table;  // digest of the table in force afterwards
};

}  // namespace lb

#endif  // LB_COMMON_PLAN_H_
