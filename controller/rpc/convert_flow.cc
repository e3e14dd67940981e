#include "controller/rpc/convert_flow.h"

#include <cstdint>
#include <limits>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/table.h"
#include "controller/rpc/convert_common.h"

namespace lb::controller {
namespace {

template <class T>
absl::StatusOr<T> Within(std::uint32_t value, std::string_view field) {
  if (value > std::numeric_limits<T>::max()) {
    return absl::InvalidArgumentError(
        absl::StrCat(ToAbsl(field), " is ", value, "; at most ",
                     static_cast<std::uint32_t>(std::numeric_limits<T>::max()),
                     " is possible"));
  }
  return static_cast<T>(value);
}

absl::StatusOr<ParsedAddress> AddressFrom(const std::string& text,
                                          std::string_view field) {
  absl::StatusOr<ParsedAddress> address = ParseAddress(text);
  if (!address.ok()) return Annotate(address.status(), field);
  return address;
}

}  // namespace

absl::StatusOr<FlowKey> FlowKeyFrom(const v1::FlowKey& message) {
  FlowKey key;
  // Of packets that cannot be parsed.
  if (message.source_address().empty() &&
      message.destination_address().empty()) {
    return key;
  }
  LB_ASSIGN_OR_RETURN(key.protocol,
                      Within<std::uint8_t>(message.protocol(), "key.protocol"));
  LB_ASSIGN_OR_RETURN(
      const ParsedAddress source,
      AddressFrom(message.source_address(), "key.source_address"));
  LB_ASSIGN_OR_RETURN(
      const ParsedAddress destination,
      AddressFrom(message.destination_address(), "key.destination_address"));
  if (source.version != destination.version) {
    return absl::InvalidArgumentError(
        "key.source_address and key.destination_address must both be IPv4 or "
        "both be IPv6");
  }
  key.source = source.address;
  key.destination = destination.address;
  key.version = source.version;
  LB_ASSIGN_OR_RETURN(
      key.source_port,
      Within<std::uint16_t>(message.source_port(), "key.source_port"));
  LB_ASSIGN_OR_RETURN(key.destination_port,
                      Within<std::uint16_t>(message.destination_port(),
                                            "key.destination_port"));
  return key;
}

absl::StatusOr<FlowInfo> FlowFrom(const v1::Flow& message) {
  FlowInfo flow;
  LB_ASSIGN_OR_RETURN(flow.key, FlowKeyFrom(message.key()));
  flow.packets = message.packets();
  flow.bytes = message.bytes();
  LB_ASSIGN_OR_RETURN(flow.service,
                      NanosFrom(message.service_ns(), "flow.service_ns"));
  flow.queued_packets = message.queued_packets();
  LB_ASSIGN_OR_RETURN(flow.idle, NanosFrom(message.idle_ns(), "flow.idle_ns"));
  return flow;
}

absl::StatusOr<FlowTrace> FlowTraceFrom(const v1::FlowTrace& message) {
  FlowTrace trace;
  trace.hash = message.hash();
  if (message.bucket() >= kMaxBuckets) {
    return absl::InvalidArgumentError(
        absl::StrCat("trace.bucket is ", message.bucket(),
                     "; a host has at most ", kMaxBuckets));
  }
  trace.bucket = BucketId(message.bucket());
  LB_ASSIGN_OR_RETURN(trace.processor,
                      ProcessorFrom(message.processor(), "trace.processor"));
  if (message.has_flow()) {
    LB_ASSIGN_OR_RETURN(trace.flow, FlowFrom(message.flow()));
  }
  return trace;
}

void FillFlowKey(const FlowKey& key, v1::FlowKey& message) {
  if (key.version == IpVersion::kNone) return;
  message.set_protocol(key.protocol);
  message.set_source_address(FormatAddress(key.source, key.version));
  message.set_source_port(key.source_port);
  message.set_destination_address(FormatAddress(key.destination, key.version));
  message.set_destination_port(key.destination_port);
}

void FillFlow(const FlowInfo& flow, v1::Flow& message) {
  FillFlowKey(flow.key, *message.mutable_key());
  message.set_packets(flow.packets);
  message.set_bytes(flow.bytes);
  message.set_service_ns(static_cast<std::uint64_t>(flow.service.count()));
  message.set_queued_packets(flow.queued_packets);
  message.set_idle_ns(static_cast<std::uint64_t>(flow.idle.count()));
}

void FillFlowTrace(const FlowTrace& trace, v1::FlowTrace& message) {
  message.set_hash(trace.hash);
  message.set_bucket(trace.bucket.value());
  message.set_processor(trace.processor.value());
  if (trace.flow) FillFlow(*trace.flow, *message.mutable_flow());
}

}  // namespace lb::controller
