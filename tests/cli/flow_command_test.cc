#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/v1/flow_service.pb.h"
#include "tests/cli/online_fixture.h"

namespace lb::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

v1::Flow MakeFlow(const std::string& source) {
  v1::Flow flow;
  flow.mutable_key()->set_protocol(6);
  flow.mutable_key()->set_source_address(source);
  flow.mutable_key()->set_source_port(4'000);
  flow.mutable_key()->set_destination_address("2001:db8::1");
  flow.mutable_key()->set_destination_port(80);
  flow.set_packets(1'500);
  flow.set_bytes(98'000);
  flow.set_service_ns(12'500'000);
  flow.set_queued_packets(3);
  flow.set_idle_ns(2'000'000);
  return flow;
}

class FlowCommandTest : public OnlineTest {};

TEST_F(FlowCommandTest, TraceAsksForTheConnectionAndShowsIt) {
  v1::TraceFlowRequest asked;
  bool known = true;
  api_.On<v1::TraceFlowRequest>([&](const v1::TraceFlowRequest& request) {
    asked = request;
    v1::TraceFlowResponse response;
    response.mutable_trace()->set_hash(99);
    response.mutable_trace()->set_bucket(35);
    response.mutable_trace()->set_processor(2);
    if (known) {
      *response.mutable_trace()->mutable_flow() = MakeFlow("2001:db8::2");
    }
    return FakeAnswer(response);
  });
  Serve();
  const CommandResult result = Run({"flow", "trace", "edge-1", "TCP",
                                    "192.0.2.1", "4000", "198.51.100.7", "80"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(asked.ShortDebugString(),
            "parent: \"hosts/edge-1\" key { protocol: 6 source_address: "
            "\"192.0.2.1\" source_port: 4000 destination_address: "
            "\"198.51.100.7\" destination_port: 80 }");
  EXPECT_EQ(result.out,
            "Connection:      tcp [2001:db8::2]:4000 > [2001:db8::1]:80\n"
            "Hash:            99\n"
            "Bucket:          35\n"
            "Processor:       2\n"
            "Packets:         1.50k, 98.0k bytes, 3 queued\n"
            "Processor time:  12.5ms\n"
            "Last packet:     2.00ms ago\n");
  known = false;
  EXPECT_THAT(Run({"flow", "trace", "edge-1", "47", "192.0.2.1", "0",
                   "198.51.100.7", "0"})
                  .out,
              ContainsRegex("Connection: +47 192.0.2.1:0 > 198.51.100.7:0\n"
                            "(.|\n)*State: +not known to the host at "
                            "present\n$"));
  EXPECT_EQ(asked.key().protocol(), 47u);
  EXPECT_FALSE(RunJson({"flow", "trace", "edge-1", "udp", "192.0.2.1", "1",
                        "192.0.2.2", "2"})
                   .contains("flow"));
}

TEST_F(FlowCommandTest, HeaviestListsConnectionsOfABucket) {
  v1::ListHeaviestFlowsRequest asked;
  api_.On<v1::ListHeaviestFlowsRequest>(
      [&](const v1::ListHeaviestFlowsRequest& request) {
        asked = request;
        v1::ListHeaviestFlowsResponse response;
        *response.add_flows() = MakeFlow("a\x1b[2J");
        return FakeAnswer(response);
      });
  Serve();
  const CommandResult result =
      Run({"flow", "heaviest", "edge-1", "35", "--limit", "5"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(asked.parent(), "hosts/edge-1/buckets/35");
  EXPECT_EQ(asked.page_size(), 5);
  EXPECT_THAT(result.out, HasSubstr("tcp a?[2J:4000 > [2001:db8::1]:80  "));
  EXPECT_THAT(result.out, ContainsRegex(" 12.5ms +1.50k +98.0k +3 +2.00ms "
                                        "ago\n$"));
  EXPECT_EQ(RunJson({"flow", "heaviest", "edge-1", "35"})["flows"].size(), 1u);
  EXPECT_EQ(asked.page_size(), 10);
}

TEST_F(FlowCommandTest, WrongArguments) {
  ExpectUsageErrors(
      {{"flow", "trace", "a", "tcp", "192.0.2.1", "1", "192.0.2.2"},
       {"flow", "trace", "a", "quic", "192.0.2.1", "1", "192.0.2.2", "2"},
       {"flow", "trace", "a", "256", "192.0.2.1", "1", "192.0.2.2", "2"},
       {"flow", "trace", "a", "tcp", "192.0.2", "1", "192.0.2.2", "2"},
       {"flow", "trace", "a", "tcp", "192.0.2.1", "65536", "192.0.2.2", "2"},
       {"flow", "heaviest", "a"},
       {"flow", "heaviest", "a", "65536"},
       {"flow", "heaviest", "a", "1", "--limit", "101"}});
  const CommandResult mixed = RunBare(
      {"flow", "trace", "a", "tcp", "192.0.2.1", "1", "2001:db8::1", "2"});
  EXPECT_EQ(mixed.exit_code, 2);
  EXPECT_EQ(mixed.err,
            "lbctl: error: SRC 192.0.2.1 and DST 2001:db8::1 must both be IPv4 "
            "or both be IPv6\n");
  EXPECT_THAT(RunBare({"flow", "trace", "a", "quic", "192.0.2.1", "1",
                       "192.0.2.2", "2"})
                  .err,
              HasSubstr("use tcp, udp, sctp, icmp, icmpv6"));
}

}  // namespace
}  // namespace lb::cli
