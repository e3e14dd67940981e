#include "agent/run_report.h"

#include <cstddef>

#include "common/counters.h"
#include "nlohmann/json.hpp"

namespace lb::agent {

std::string_view ParseOutcomeName(dataplane::ParseResult result) {
  switch (result) {
    case dataplane::ParseResult::kOk:
      return "ok";
    case dataplane::ParseResult::kNotIp:
      return "not_ip";
    case dataplane::ParseResult::kTruncated:
      return "truncated";
    case dataplane::ParseResult::kBadHeader:
      return "bad_header";
    case dataplane::ParseResult::kVlanDepth:
      return "vlan_depth";
    case dataplane::ParseResult::kExtensionDepth:
      return "extension_depth";
    case dataplane::ParseResult::kProtocol:
      return "protocol";
  }
  return "unknown";
}

std::string FormatRunReport(const dataplane::EngineSummary& summary) {
  using Json = nlohmann::ordered_json;
  const Counters& counters = summary.counters;
  Json parse = Json::object();
  for (std::size_t i = 0; i < summary.parse.size(); ++i) {
    parse[std::string(ParseOutcomeName(
        static_cast<dataplane::ParseResult>(i)))] = summary.parse[i];
  }
  Json processors = Json::array();
  for (const dataplane::ProcessorSummary& processor : summary.processors) {
    processors.push_back(
        {{"packets", processor.packets}, {"busy_ns", processor.busy.count()}});
  }
  Json buckets = Json::array();
  for (std::uint64_t packets : summary.bucket_packets) {
    buckets.push_back({{"packets", packets}});
  }
  Json dropped = Json::object();
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    dropped[std::string(DropReasonName(static_cast<DropReason>(i)))] =
        counters.dropped[i];
  }
  Json unsent = Json::object();
  for (std::size_t i = 0; i < kUnsentReasons; ++i) {
    unsent[std::string(UnsentReasonName(static_cast<UnsentReason>(i)))] =
        counters.unsent[i];
  }
  const Json report = {{"packets", counters.served},
                       {"bytes", counters.bytes},
                       {"parse", std::move(parse)},
                       {"connections", summary.connections},
                       {"processors", std::move(processors)},
                       {"buckets", std::move(buckets)},
                       {"dropped", std::move(dropped)},
                       {"sent", counters.sent},
                       {"unsent", std::move(unsent)},
                       {"lost", counters.lost},
                       {"reordered", counters.reordered},
                       {"duplicated", counters.duplicated}};
  return report.dump();
}

}  // namespace lb::agent
