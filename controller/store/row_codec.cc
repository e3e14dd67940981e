#include "controller/store/row_codec.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/core/byte_codec.h"

namespace lb::controller {
namespace {

constexpr std::uint64_t kUint32Max = std::numeric_limits<std::uint32_t>::max();

// OK if everything was read and nothing is left over.
absl::Status Finish(const ByteReader& reader) {
  LB_RETURN_IF_ERROR(reader.status());
  if (!reader.AtEnd()) {
    return absl::DataLossError("packed values have bytes too many");
  }
  return absl::OkStatus();
}

void WriteProcessor(ByteWriter& writer, const ProcessorLoad& processor) {
  writer.Unsigned(static_cast<std::uint64_t>(processor.busy.count()));
  writer.Unsigned(processor.capacity_permille);
  writer.Unsigned(processor.samples.count);
  writer.Double(processor.samples.mean);
  writer.Double(processor.samples.standard_deviation);
  writer.Double(processor.samples.lag1_autocorrelation);
  writer.Unsigned(processor.in_service ? 1 : 0);
  writer.Unsigned(processor.stalled ? 1 : 0);
  writer.Unsigned(processor.packets);
  writer.Unsigned(processor.backlog_packets);
}

ProcessorLoad ReadProcessor(ByteReader& reader) {
  ProcessorLoad processor;
  processor.busy = std::chrono::nanoseconds(reader.Unsigned());
  processor.capacity_permille =
      static_cast<std::uint32_t>(reader.UpTo(kUint32Max));
  processor.samples.count = reader.Unsigned();
  processor.samples.mean = reader.Double();
  processor.samples.standard_deviation = reader.Double();
  processor.samples.lag1_autocorrelation = reader.Double();
  processor.in_service = reader.UpTo(1) == 1;
  processor.stalled = reader.UpTo(1) == 1;
  processor.packets = reader.Unsigned();
  processor.backlog_packets = reader.Unsigned();
  return processor;
}

}  // namespace

std::int64_t ToNs(WallTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             time.time_since_epoch())
      .count();
}

WallTime FromNs(std::int64_t ns) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::nanoseconds(ns)));
}

std::string PackOwners(const std::vector<ProcessorId>& owner) {
  std::string bytes(2 * owner.size(), '\0');
  for (std::size_t i = 0; i < owner.size(); ++i) {
    bytes[2 * i] = static_cast<char>(owner[i].value() & 0xff);
    bytes[2 * i + 1] = static_cast<char>(owner[i].value() >> 8);
  }
  return bytes;
}

absl::StatusOr<std::vector<ProcessorId>> UnpackOwners(std::string_view bytes) {
  if (bytes.size() % 2 != 0) {
    return absl::DataLossError(
        absl::StrCat("a table has ", bytes.size(), " bytes"));
  }
  std::vector<ProcessorId> owner;
  owner.reserve(bytes.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const unsigned low = static_cast<unsigned char>(bytes[i]);
    const unsigned high = static_cast<unsigned char>(bytes[i + 1]);
    owner.emplace_back(static_cast<ProcessorId::rep>(low | (high << 8)));
  }
  return owner;
}

std::string PackDoubles(const std::vector<double>& values) {
  ByteWriter writer;
  for (const double value : values) writer.Double(value);
  return std::move(writer).Take();
}

absl::StatusOr<std::vector<double>> UnpackDoubles(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<double> values;
  while (!reader.AtEnd()) values.push_back(reader.Double());
  LB_RETURN_IF_ERROR(Finish(reader));
  return values;
}

std::string PackNumbers(const std::vector<std::uint32_t>& values) {
  ByteWriter writer;
  for (const std::uint32_t value : values) writer.Unsigned(value);
  return std::move(writer).Take();
}

absl::StatusOr<std::vector<std::uint32_t>> UnpackNumbers(
    std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<std::uint32_t> values;
  while (!reader.AtEnd()) {
    values.push_back(static_cast<std::uint32_t>(reader.UpTo(kUint32Max)));
  }
  LB_RETURN_IF_ERROR(Finish(reader));
  return values;
}

std::string PackCounters(const Counters& counters) {
  ByteWriter writer;
  writer.Unsigned(counters.arrived);
  writer.Unsigned(counters.served);
  writer.Unsigned(counters.bytes);
  writer.Unsigned(counters.queued);
  for (const std::uint64_t dropped : counters.dropped) {
    writer.Unsigned(dropped);
  }
  writer.Unsigned(counters.lost);
  writer.Unsigned(counters.reordered);
  writer.Unsigned(counters.duplicated);
  writer.Unsigned(counters.sent);
  for (const std::uint64_t unsent : counters.unsent) writer.Unsigned(unsent);
  return std::move(writer).Take();
}

absl::StatusOr<Counters> UnpackCounters(std::string_view bytes) {
  ByteReader reader(bytes);
  Counters counters;
  counters.arrived = reader.Unsigned();
  counters.served = reader.Unsigned();
  counters.bytes = reader.Unsigned();
  counters.queued = reader.Unsigned();
  for (std::uint64_t& dropped : counters.dropped) dropped = reader.Unsigned();
  counters.lost = reader.Unsigned();
  counters.reordered = reader.Unsigned();
  counters.duplicated = reader.Unsigned();
  if (!reader.AtEnd()) {  // rows from before packets could be sent end here
    counters.sent = reader.Unsigned();
    for (std::uint64_t& unsent : counters.unsent) unsent = reader.Unsigned();
  }
  LB_RETURN_IF_ERROR(Finish(reader));
  return counters;
}

std::string PackProcessors(const std::vector<ProcessorLoad>& processors) {
  ByteWriter writer;
  for (const ProcessorLoad& processor : processors) {
    WriteProcessor(writer, processor);
  }
  return std::move(writer).Take();
}

absl::StatusOr<std::vector<ProcessorLoad>> UnpackProcessors(
    std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<ProcessorLoad> processors;
  while (!reader.AtEnd()) processors.push_back(ReadProcessor(reader));
  LB_RETURN_IF_ERROR(Finish(reader));
  return processors;
}

std::string PackBuckets(const std::vector<BucketLoad>& buckets) {
  ByteWriter writer;
  for (const BucketLoad& bucket : buckets) {
    writer.Unsigned(bucket.bucket.value());
    writer.Unsigned(bucket.load_ns_per_s);
    writer.Unsigned(bucket.packets);
    writer.Unsigned(bucket.connections);
    writer.Unsigned(bucket.lower_bound ? 1 : 0);
  }
  return std::move(writer).Take();
}

absl::StatusOr<std::vector<BucketLoad>> UnpackBuckets(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<BucketLoad> buckets;
  while (!reader.AtEnd()) {
    BucketLoad bucket;
    bucket.bucket =
        BucketId(static_cast<BucketId::rep>(reader.UpTo(kUint32Max)));
    bucket.load_ns_per_s = reader.Unsigned();
    bucket.packets = reader.Unsigned();
    bucket.connections = static_cast<std::uint32_t>(reader.UpTo(kUint32Max));
    bucket.lower_bound = reader.UpTo(1) == 1;
    buckets.push_back(bucket);
  }
  LB_RETURN_IF_ERROR(Finish(reader));
  return buckets;
}

}  // namespace lb::controller
