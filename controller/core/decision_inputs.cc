#include "controller/core/decision_inputs.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/table.h"
#include "controller/core/byte_codec.h"

namespace lb::controller {
namespace {

constexpr std::uint64_t kFormat = 3;
// Older ones have no offered loads; the first no error between reports either.
constexpr std::uint64_t kFormatWithError = 2;
constexpr std::uint64_t kUint32Max = std::numeric_limits<std::uint32_t>::max();

std::uint32_t ReadUint32(ByteReader& reader) {
  return static_cast<std::uint32_t>(reader.UpTo(kUint32Max));
}

void WriteProcessor(const balance::ProcessorMeasurement& processor,
                    ByteWriter& writer) {
  writer.Unsigned(processor.samples.count);
  writer.Double(processor.samples.mean);
  writer.Double(processor.samples.standard_deviation);
  writer.Double(processor.samples.lag1_autocorrelation);
  writer.Unsigned(processor.capacity_permille);
  writer.Unsigned(processor.in_service ? 1 : 0);
  writer.Unsigned(processor.stalled ? 1 : 0);
  writer.Double(processor.offered);
  writer.Unsigned(processor.buckets);
  writer.Unsigned(processor.pinned);
}

balance::ProcessorMeasurement ReadProcessor(std::uint64_t format,
                                            ByteReader& reader) {
  balance::ProcessorMeasurement processor;
  processor.samples.count = reader.Unsigned();
  processor.samples.mean = reader.Double();
  processor.samples.standard_deviation = reader.Double();
  processor.samples.lag1_autocorrelation = reader.Double();
  processor.capacity_permille = ReadUint32(reader);
  processor.in_service = reader.UpTo(1) == 1;
  processor.stalled = reader.UpTo(1) == 1;
  if (format >= kFormat) processor.offered = reader.Double();
  processor.buckets = ReadUint32(reader);
  processor.pinned = ReadUint32(reader);
  return processor;
}

}  // namespace

std::string SerializeDecisionInputs(const balance::HostMeasurement& measurement,
                                    std::uint32_t over_trigger) {
  ByteWriter writer;
  writer.Unsigned(kFormat);
  writer.Unsigned(measurement.processors.size());
  for (const balance::ProcessorMeasurement& processor :
       measurement.processors) {
    WriteProcessor(processor, writer);
  }
  writer.Double(measurement.bound);
  writer.Double(measurement.error_between_reports);
  writer.Unsigned(measurement.current_table ? 1 : 0);
  writer.Unsigned(measurement.stale ? 1 : 0);
  writer.Unsigned(measurement.warming_up ? 1 : 0);
  writer.Unsigned(measurement.input_bound ? 1 : 0);
  writer.Unsigned(measurement.plan_in_flight ? 1 : 0);
  writer.Unsigned(measurement.nonsense.size());
  writer.Bytes(measurement.nonsense);
  writer.Unsigned(over_trigger);
  return std::move(writer).Take();
}

absl::StatusOr<ParsedDecisionInputs> ParseDecisionInputs(
    std::string_view bytes) {
  ByteReader reader(bytes);
  const std::uint64_t format = reader.Unsigned();
  LB_RETURN_IF_ERROR(reader.status());
  if (format < 1 || format > kFormat) {
    return absl::UnimplementedError(
        absl::StrCat("decision inputs have format ", format,
                     "; this program reads up to ", kFormat));
  }
  ParsedDecisionInputs parsed;
  balance::HostMeasurement& measurement = parsed.measurement;
  const std::uint64_t processors = reader.UpTo(kMaxProcessors);
  for (std::uint64_t i = 0; i < processors; ++i) {
    measurement.processors.push_back(ReadProcessor(format, reader));
  }
  measurement.bound = reader.Double();
  if (format >= kFormatWithError) {
    measurement.error_between_reports = reader.Double();
  }
  measurement.current_table = reader.UpTo(1) == 1;
  measurement.stale = reader.UpTo(1) == 1;
  measurement.warming_up = reader.UpTo(1) == 1;
  measurement.input_bound = reader.UpTo(1) == 1;
  measurement.plan_in_flight = reader.UpTo(1) == 1;
  measurement.nonsense = reader.Bytes(reader.Unsigned());
  parsed.over_trigger = ReadUint32(reader);
  LB_RETURN_IF_ERROR(reader.status());
  if (!reader.AtEnd()) {
    return absl::DataLossError("decision inputs have bytes too many");
  }
  return parsed;
}

}  // namespace lb::controller
