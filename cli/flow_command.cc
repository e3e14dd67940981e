#include "cli/flow_command.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/errors.h"
#include "cli/formatting.h"
#include "cli/proto_json.h"
#include "cli/resource_name.h"
#include "cli/text_table.h"
#include "common/flow_key.h"
#include "common/table.h"
#include "lb/v1/flow_service.pb.h"

namespace lb::cli {
namespace {

using Align = TextTable::Align;

struct TraceOptions {
  std::string host;
  std::uint32_t protocol = 0;
  std::string source;
  std::uint32_t source_port = 0;
  std::string destination;
  std::uint32_t destination_port = 0;
};

struct HeaviestOptions {
  std::string host;
  std::uint32_t bucket = 0;
  std::uint32_t limit = 10;
};

constexpr std::array<std::pair<const char*, std::uint32_t>, 5> kProtocols = {
    {{"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmpv6", 58}, {"sctp", 132}}};

Argument Protocol(std::uint32_t& target) {
  Argument argument = Whole(target, "", 0, 255);
  argument.initial.clear();
  argument.read = [&target](const std::string& text) {
    for (const auto& [name, number] : kProtocols) {
      if (absl::AsciiStrToLower(text) != name) continue;
      target = number;
      return absl::OkStatus();
    }
    std::uint32_t number = 0;
    if (!absl::SimpleAtoi(text, &number) || number > 255) {
      return absl::InvalidArgumentError(absl::StrCat(
          "protocol \"", text,
          "\" is unknown; use tcp, udp, sctp, icmp, icmpv6, or IP's number"));
    }
    target = number;
    return absl::OkStatus();
  };
  return argument;
}

absl::Status CheckAddress(const std::string& text) {
  return ParseAddress(text).status();
}

absl::Status CheckVersions(const TraceOptions& options) {
  LB_ASSIGN_OR_RETURN(const ParsedAddress source, ParseAddress(options.source));
  LB_ASSIGN_OR_RETURN(const ParsedAddress destination,
                      ParseAddress(options.destination));
  if (source.version == destination.version) return absl::OkStatus();
  return UsageError(absl::StrCat("SRC ", options.source, " and DST ",
                                 options.destination,
                                 " must both be IPv4 or both be IPv6"));
}

std::string EndText(const std::string& address, std::uint32_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return absl::StrCat(v6 ? "[" : "", address, v6 ? "]" : "", ":", port);
}

// "tcp 192.0.2.1:80 > 198.51.100.7:4000".
std::string KeyText(const v1::FlowKey& key) {
  std::string protocol = absl::StrCat(key.protocol());
  for (const auto& [name, number] : kProtocols) {
    if (key.protocol() == number) protocol = name;
  }
  return FormatText(absl::StrCat(
      protocol, " ", EndText(key.source_address(), key.source_port()), " > ",
      EndText(key.destination_address(), key.destination_port())));
}

std::string TimeText(std::uint64_t ns) {
  return FormatDuration(
      std::chrono::nanoseconds(static_cast<std::int64_t>(ns)));
}

void PrintTrace(const v1::FlowKey& asked, const v1::FlowTrace& trace,
                std::ostream& out) {
  Fields fields = {
      {"Connection", KeyText(trace.has_flow() ? trace.flow().key() : asked)},
      {"Hash", absl::StrCat(trace.hash())},
      {"Bucket", absl::StrCat(trace.bucket())},
      {"Processor", absl::StrCat(trace.processor())}};
  if (!trace.has_flow()) {
    fields.emplace_back("State", "not known to the host at present");
  } else {
    const v1::Flow& flow = trace.flow();
    fields.emplace_back("Packets",
                        absl::StrCat(FormatCount(flow.packets()), ", ",
                                     FormatCount(flow.bytes()), " bytes, ",
                                     flow.queued_packets(), " queued"));
    fields.emplace_back("Processor time", TimeText(flow.service_ns()));
    fields.emplace_back("Last packet", TimeText(flow.idle_ns()) + " ago");
  }
  PrintFields(out, fields);
}

absl::Status RunTrace(const TraceOptions& options, Session& session) {
  LB_RETURN_IF_ERROR(CheckVersions(options));
  v1::TraceFlowRequest request;
  request.set_parent(options.host);
  v1::FlowKey& key = *request.mutable_key();
  key.set_protocol(options.protocol);
  key.set_source_address(options.source);
  key.set_source_port(options.source_port);
  key.set_destination_address(options.destination);
  key.set_destination_port(options.destination_port);
  LB_ASSIGN_OR_RETURN(const auto response,
                      session.Call<v1::TraceFlowResponse>(request));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(response.trace(), JsonLayout::kIndented, session.out());
  }
  PrintTrace(key, response.trace(), session.out());
  return absl::OkStatus();
}

absl::Status RunHeaviest(const HeaviestOptions& options, Session& session) {
  v1::ListHeaviestFlowsRequest request;
  request.set_parent(absl::StrCat(options.host, "/buckets/", options.bucket));
  request.set_page_size(static_cast<std::int32_t>(options.limit));
  LB_ASSIGN_OR_RETURN(const auto response,
                      session.Call<v1::ListHeaviestFlowsResponse>(request));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(response, JsonLayout::kIndented, session.out());
  }
  TextTable table({{"CONNECTION"},
                   {"PROCESSOR TIME", Align::kRight},
                   {"PACKETS", Align::kRight},
                   {"BYTES", Align::kRight},
                   {"QUEUED", Align::kRight},
                   {"LAST PACKET"}});
  for (const v1::Flow& flow : response.flows()) {
    table.AddRow({KeyText(flow.key()), TimeText(flow.service_ns()),
                  FormatCount(flow.packets()), FormatCount(flow.bytes()),
                  FormatCount(flow.queued_packets()),
                  TimeText(flow.idle_ns()) + " ago"});
  }
  table.Print(session.out());
  return absl::OkStatus();
}

void AddTrace(Command flows, const Online& online) {
  auto options = std::make_shared<TraceOptions>();
  Command command = flows.Add(
      "trace",
      "Ask a host where a connection's packets go, and what it knows of the "
      "connection.");
  command.Takes("HOST", HostName(options->host), "Name of the host");
  command.Takes("PROTO", Protocol(options->protocol),
                "tcp, udp, sctp, icmp, icmpv6, or IP's number");
  command.Takes("SRC", Text(options->source, "", CheckAddress),
                "Source address, IPv4 or IPv6");
  command.Takes("SPORT", Whole(options->source_port, "", 0, 65'535),
                "Source port");
  command.Takes("DST", Text(options->destination, "", CheckAddress),
                "Destination address");
  command.Takes("DPORT", Whole(options->destination_port, "", 0, 65'535),
                "Destination port");
  command.Footer(
      "Example: lbctl flow trace edge-1 tcp 192.0.2.1 4000 198.51.100.7 80");
  online.Runs(command, [options](Session& session) {
    return RunTrace(*options, session);
  });
}

void AddHeaviest(Command flows, const Online& online) {
  auto options = std::make_shared<HeaviestOptions>();
  Command command = flows.Add(
      "heaviest",
      "Ask a host for the connections of a bucket that used most of its "
      "processor's time.");
  command.Takes("HOST", HostName(options->host), "Name of the host");
  command.Takes("BUCKET", Whole(options->bucket, "", 0, kMaxBuckets - 1),
                "Number of the bucket, from 0");
  command.Option("--limit", Whole(options->limit, "N", 1, 100),
                 "So many at most");
  online.Runs(command, [options](Session& session) {
    return RunHeaviest(*options, session);
  });
}

}  // namespace

void AddFlowCommands(const Online& online) {
  const Command flows =
      online.root().Group("flow", "Questions about connections");
  AddTrace(flows, online);
  AddHeaviest(flows, online);
}

}  // namespace lb::cli
