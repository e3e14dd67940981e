#include "controller/core/planner_inputs.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/table.h"
#include "controller/core/byte_codec.h"

namespace lb::controller {
namespace {

// The first tolerates nothing; the second knows no connections.
constexpr std::uint64_t kFormat = 3;
constexpr std::uint64_t kTolerates = 2;
constexpr std::uint64_t kHasConnections = 3;
constexpr std::uint64_t kUint32Max = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kProcessorMax =
    std::numeric_limits<ProcessorId::rep>::max();

ProcessorId ReadProcessor(ByteReader& reader) {
  return ProcessorId(static_cast<ProcessorId::rep>(reader.UpTo(kProcessorMax)));
}

balance::ProcessorState ReadProcessorState(ByteReader& reader) {
  balance::ProcessorState processor;
  processor.capacity_permille =
      static_cast<std::uint32_t>(reader.UpTo(kUint32Max));
  if (reader.UpTo(1) == 1) processor.busy_ns_per_s = reader.Unsigned();
  processor.in_service = reader.UpTo(1) == 1;
  return processor;
}

balance::BucketState ReadBucketState(ByteReader& reader, std::uint64_t format) {
  balance::BucketState bucket;
  bucket.owner = ReadProcessor(reader);
  if (format >= kHasConnections) {
    bucket.connections = static_cast<std::uint32_t>(reader.UpTo(kUint32Max));
  }
  bucket.load_ns_per_s = reader.Unsigned();
  bucket.pinned = reader.UpTo(1) == 1;
  bucket.resting = reader.UpTo(1) == 1;
  if (reader.UpTo(1) == 1) bucket.no_return = ReadProcessor(reader);
  return bucket;
}

}  // namespace

std::string SerializePlannerInputs(const balance::Snapshot& snapshot,
                                   const balance::PlanRequest& request) {
  ByteWriter writer;
  writer.Unsigned(kFormat);
  writer.Unsigned(snapshot.processors.size());
  for (const balance::ProcessorState& processor : snapshot.processors) {
    writer.Unsigned(processor.capacity_permille);
    writer.Unsigned(processor.busy_ns_per_s.has_value() ? 1 : 0);
    if (processor.busy_ns_per_s) writer.Unsigned(*processor.busy_ns_per_s);
    writer.Unsigned(processor.in_service ? 1 : 0);
  }
  writer.Unsigned(snapshot.buckets.size());
  for (const balance::BucketState& bucket : snapshot.buckets) {
    writer.Unsigned(bucket.owner.value());
    writer.Unsigned(bucket.connections);
    writer.Unsigned(bucket.load_ns_per_s);
    writer.Unsigned(bucket.pinned ? 1 : 0);
    writer.Unsigned(bucket.resting ? 1 : 0);
    writer.Unsigned(bucket.no_return.has_value() ? 1 : 0);
    if (bucket.no_return) writer.Unsigned(bucket.no_return->value());
  }
  writer.Unsigned(request.target_permille);
  writer.Unsigned(request.tolerated_permille);
  writer.Unsigned(request.max_moves.has_value() ? 1 : 0);
  if (request.max_moves) writer.Unsigned(*request.max_moves);
  writer.Unsigned(request.damping_permille);
  return std::move(writer).Take();
}

absl::StatusOr<ParsedPlannerInputs> ParsePlannerInputs(std::string_view bytes) {
  ByteReader reader(bytes);
  const std::uint64_t format = reader.Unsigned();
  LB_RETURN_IF_ERROR(reader.status());
  if (format < 1 || format > kFormat) {
    return absl::UnimplementedError(
        absl::StrCat("planner inputs have format ", format,
                     "; this program reads up to ", kFormat));
  }
  ParsedPlannerInputs parsed;
  const std::uint64_t processors = reader.UpTo(kMaxProcessors);
  for (std::uint64_t i = 0; i < processors; ++i) {
    parsed.snapshot.processors.push_back(ReadProcessorState(reader));
  }
  const std::uint64_t buckets = reader.UpTo(kMaxBuckets);
  for (std::uint64_t i = 0; i < buckets; ++i) {
    parsed.snapshot.buckets.push_back(ReadBucketState(reader, format));
  }
  parsed.request.target_permille =
      static_cast<std::uint32_t>(reader.UpTo(kUint32Max));
  if (format >= kTolerates) {
    parsed.request.tolerated_permille =
        static_cast<std::uint32_t>(reader.UpTo(kUint32Max));
  }
  if (reader.UpTo(1) == 1) {
    parsed.request.max_moves =
        static_cast<std::uint32_t>(reader.UpTo(kUint32Max));
  }
  parsed.request.damping_permille =
      static_cast<std::uint32_t>(reader.UpTo(kUint32Max));
  LB_RETURN_IF_ERROR(reader.status());
  if (!reader.AtEnd()) {
    return absl::DataLossError("planner inputs have bytes too many");
  }
  return parsed;
}

}  // namespace lb::controller
