#include "controller/rpc/convert_common.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {

absl::StatusOr<std::chrono::nanoseconds> NanosFrom(std::uint64_t ns,
                                                   std::string_view field) {
  if (ns > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return absl::InvalidArgumentError(
        absl::StrCat(ToAbsl(field), " is ", ns, "; it cannot be that long"));
  }
  return std::chrono::nanoseconds(ns);
}

absl::StatusOr<ProcessorId> ProcessorFrom(std::uint32_t id,
                                          std::string_view field) {
  if (id >= kMaxProcessors) {
    return absl::InvalidArgumentError(
        absl::StrCat(ToAbsl(field), " is processor ", id, "; a host has at ",
                     "most ", kMaxProcessors));
  }
  return ProcessorId(static_cast<ProcessorId::rep>(id));
}

absl::StatusOr<HashKind> HashKindFrom(v1::HashKind hash) {
  switch (hash) {
    case v1::HASH_KIND_SIPHASH:
      return HashKind::kSipHash;
    case v1::HASH_KIND_TOEPLITZ:
      return HashKind::kToeplitz;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("hash kind ", static_cast<int>(hash), " is unknown"));
  }
}

absl::StatusOr<Layout> LayoutFrom(const v1::Layout& message) {
  Layout layout;
  layout.buckets = message.buckets();
  LB_ASSIGN_OR_RETURN(layout.hash, HashKindFrom(message.hash()));
  layout.key_id = message.key_id();
  for (const v1::ProcessorLayout& processor : message.processors()) {
    layout.processors.push_back(
        {processor.cpu(), processor.capacity_permille()});
  }
  return layout;
}

absl::StatusOr<Table> TableFrom(const v1::Table& message) {
  Table table;
  LB_ASSIGN_OR_RETURN(table.hash, HashKindFrom(message.hash()));
  table.key_id = message.key_id();
  table.owner.reserve(static_cast<std::size_t>(message.owner_size()));
  for (const std::uint32_t owner : message.owner()) {
    LB_ASSIGN_OR_RETURN(const ProcessorId id,
                        ProcessorFrom(owner, "the table's owner"));
    table.owner.push_back(id);
  }
  return table;
}

absl::StatusOr<Move> MoveFrom(const v1::Move& message) {
  Move move;
  move.bucket = BucketId(message.bucket());
  LB_ASSIGN_OR_RETURN(move.from, ProcessorFrom(message.from(), "move.from"));
  LB_ASSIGN_OR_RETURN(move.to, ProcessorFrom(message.to(), "move.to"));
  return move;
}

Counters CountersFrom(const v1::Counters& message) {
  Counters counters;
  counters.arrived = message.arrived();
  counters.served = message.served();
  counters.bytes = message.bytes();
  counters.queued = message.queued();
  const v1::Drops& drops = message.dropped();
  counters.drop(DropReason::kRingFull) = drops.ring_full();
  counters.drop(DropReason::kQueueFull) = drops.queue_full();
  counters.drop(DropReason::kHoldFull) = drops.hold_full();
  counters.drop(DropReason::kConnectionLimit) = drops.connection_limit();
  counters.drop(DropReason::kPool) = drops.pool();
  counters.drop(DropReason::kTakeover) = drops.takeover();
  counters.drop(DropReason::kSource) = drops.source();
  counters.lost = message.lost();
  counters.reordered = message.reordered();
  counters.duplicated = message.duplicated();
  counters.sent = message.sent();
  const v1::Unsent& unsent = message.unsent();
  counters.not_sent(UnsentReason::kOutputFull) = unsent.output_full();
  counters.not_sent(UnsentReason::kCut) = unsent.cut();
  counters.not_sent(UnsentReason::kTakeover) = unsent.takeover();
  counters.not_sent(UnsentReason::kSink) = unsent.sink();
  return counters;
}

absl::StatusOr<WallTime> TimeFrom(const google::protobuf::Timestamp& timestamp,
                                  std::string_view field) {
  using std::chrono::seconds;
  constexpr std::int64_t kLast =
      std::chrono::floor<seconds>(WallTime::max().time_since_epoch()).count();
  if (timestamp.seconds() < 0 || timestamp.seconds() >= kLast ||
      timestamp.nanos() < 0 || timestamp.nanos() >= 1'000'000'000) {
    return absl::InvalidArgumentError(absl::StrCat(
        ToAbsl(field), " is ", timestamp.seconds(), " s and ",
        timestamp.nanos(), " ns; use a time from 1970 on, before 2262"));
  }
  return WallTime(seconds(timestamp.seconds())) +
         std::chrono::duration_cast<WallTime::duration>(
             std::chrono::nanoseconds(timestamp.nanos()));
}

google::protobuf::Timestamp TimestampOf(WallTime time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds.count());
  timestamp.set_nanos(static_cast<std::int32_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds)
          .count()));
  return timestamp;
}

v1::HashKind HashKindOf(HashKind hash) {
  return hash == HashKind::kSipHash ? v1::HASH_KIND_SIPHASH
                                    : v1::HASH_KIND_TOEPLITZ;
}

void FillLayout(const Layout& layout, v1::Layout& message) {
  message.set_buckets(layout.buckets);
  message.set_hash(HashKindOf(layout.hash));
  message.set_key_id(layout.key_id);
  for (const ProcessorLayout& processor : layout.processors) {
    v1::ProcessorLayout& added = *message.add_processors();
    added.set_cpu(processor.cpu);
    added.set_capacity_permille(processor.capacity_permille);
  }
}

void FillTable(const Table& table, Digest digest, v1::Table& message) {
  message.set_hash(HashKindOf(table.hash));
  message.set_key_id(table.key_id);
  message.mutable_owner()->Reserve(static_cast<int>(table.owner.size()));
  for (const ProcessorId owner : table.owner) message.add_owner(owner.value());
  message.set_digest(digest.value());
}

void FillMove(const Move& move, v1::Move& message) {
  message.set_bucket(move.bucket.value());
  message.set_from(move.from.value());
  message.set_to(move.to.value());
}

void FillCounters(const Counters& counters, v1::Counters& message) {
  message.set_arrived(counters.arrived);
  message.set_served(counters.served);
  message.set_bytes(counters.bytes);
  message.set_queued(counters.queued);
  v1::Drops& drops = *message.mutable_dropped();
  drops.set_ring_full(counters.drop(DropReason::kRingFull));
  drops.set_queue_full(counters.drop(DropReason::kQueueFull));
  drops.set_hold_full(counters.drop(DropReason::kHoldFull));
  drops.set_connection_limit(counters.drop(DropReason::kConnectionLimit));
  drops.set_pool(counters.drop(DropReason::kPool));
  drops.set_takeover(counters.drop(DropReason::kTakeover));
  drops.set_source(counters.drop(DropReason::kSource));
  message.set_lost(counters.lost);
  message.set_reordered(counters.reordered);
  message.set_duplicated(counters.duplicated);
  message.set_sent(counters.sent);
  v1::Unsent& unsent = *message.mutable_unsent();
  unsent.set_output_full(counters.not_sent(UnsentReason::kOutputFull));
  unsent.set_cut(counters.not_sent(UnsentReason::kCut));
  unsent.set_takeover(counters.not_sent(UnsentReason::kTakeover));
  unsent.set_sink(counters.not_sent(UnsentReason::kSink));
}

}  // namespace lb::controller
