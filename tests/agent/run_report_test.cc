#include "agent/run_report.h"

#include "dataplane/core/parser.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace lb::agent {
namespace {

using nlohmann::json;

// The agent may not look into the parser, so the names are spelled twice.
TEST(RunReport, NamesParseResultsAsTheParserDoes) {
  for (std::size_t i = 0; i < dataplane::kParseResults; ++i) {
    const auto result = static_cast<dataplane::ParseResult>(i);
    EXPECT_EQ(ParseOutcomeName(result), dataplane::ParseResultName(result));
  }
}

TEST(RunReport, HoldsEveryField) {
  dataplane::EngineSummary summary;
  summary.counters.served = 10;
  summary.counters.bytes = 900;
  summary.counters.drop(DropReason::kPool) = 4;
  summary.counters.sent = 6;
  summary.counters.not_sent(UnsentReason::kCut) = 2;
  summary.counters.lost = 1;
  summary.counters.reordered = 2;
  summary.counters.duplicated = 3;
  summary.parse[0] = 8;
  summary.parse[static_cast<std::size_t>(dataplane::ParseResult::kNotIp)] = 2;
  summary.connections = 5;
  summary.processors = {{6, std::chrono::nanoseconds(70)}, {4, {}}};
  summary.bucket_packets = {0, 10};
  const std::string text = FormatRunReport(summary);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(json::parse(text), json::parse(R"({
    "packets": 10, "bytes": 900,
    "parse": {"ok": 8, "not_ip": 2, "truncated": 0, "bad_header": 0,
              "vlan_depth": 0, "extension_depth": 0, "protocol": 0},
    "connections": 5,
    "processors": [{"packets": 6, "busy_ns": 70}, {"packets": 4, "busy_ns": 0}],
    "buckets": [{"packets": 0}, {"packets": 10}],
    "dropped": {"ring_full": 0, "queue_full": 0, "hold_full": 0,
                "connection_limit": 0, "pool": 4, "takeover": 0, "source": 0},
    "sent": 6,
    "unsent": {"output_full": 0, "cut": 2, "takeover": 0, "sink": 0},
    "lost": 1, "reordered": 2, "duplicated": 3})"));
}

}  // namespace
}  // namespace lb::agent
