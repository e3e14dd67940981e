// Values that several messages carry, between their encoding and common's
// types. Pure. What comes from outside is checked: INVALID_ARGUMENT names the
// field that cannot be.
#ifndef LB_CONTROLLER_RPC_CONVERT_COMMON_H_
#define LB_CONTROLLER_RPC_CONVERT_COMMON_H_

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/counters.h"
#include "common/load.h"
#include "common/plan.h"
#include "common/table.h"
#include "controller/core/records.h"
#include "google/protobuf/timestamp.pb.h"
#include "lb/v1/load.pb.h"
#include "lb/v1/plan.pb.h"
#include "lb/v1/table.pb.h"

namespace lb::controller {

absl::StatusOr<std::chrono::nanoseconds> NanosFrom(std::uint64_t ns,
                                                   std::string_view field);
absl::StatusOr<ProcessorId> ProcessorFrom(std::uint32_t id,
                                          std::string_view field);
absl::StatusOr<HashKind> HashKindFrom(v1::HashKind hash);
absl::StatusOr<Layout> LayoutFrom(const v1::Layout& message);
absl::StatusOr<Table> TableFrom(const v1::Table& message);
absl::StatusOr<Move> MoveFrom(const v1::Move& message);
// INVALID_ARGUMENT for nanoseconds that are none, and for years that the
// system's clock has no numbers for.
absl::StatusOr<WallTime> TimeFrom(const google::protobuf::Timestamp& timestamp,
                                  std::string_view field);
Counters CountersFrom(const v1::Counters& message);

google::protobuf::Timestamp TimestampOf(WallTime time);
v1::HashKind HashKindOf(HashKind hash);
void FillLayout(const Layout& layout, v1::Layout& message);
void FillTable(const Table& table, Digest digest, v1::Table& message);
void FillMove(const Move& move, v1::Move& message);
void FillCounters(const Counters& counters, v1::Counters& message);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CONVERT_COMMON_H_
