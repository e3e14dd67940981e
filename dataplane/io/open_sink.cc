#include "dataplane/io/open_sink.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "dataplane/io/interface_sink.h"
#include "dataplane/io/pcap_sink.h"

namespace lb::dataplane {
namespace {

using Sink = absl::StatusOr<std::unique_ptr<PacketSink>>;

std::pair<std::string, std::string> SplitKind(std::string_view spec) {
  return absl::StrSplit(ToAbsl(spec), absl::MaxSplits(':', 1));
}

Sink Open(const std::string& kind, const std::string& argument) {
  if (kind == "pcap" && !argument.empty()) return PcapSink::Create(argument);
  if (kind == "interface" && !argument.empty()) {
    return InterfaceSink::Open(argument);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", kind, ":", argument,
                   "\" names no sink; use pcap:FILE or interface:NAME"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<PacketSink>> OpenSink(std::string_view spec) {
  const auto [kind, argument] = SplitKind(spec);
  Sink sink = Open(kind, argument);
  if (sink.ok()) return sink;
  return Annotate(sink.status(), ToStd(absl::StrCat("output ", ToAbsl(spec))));
}

absl::StatusOr<std::unique_ptr<PacketSink>> OpenSinkOfSource(
    std::string_view source_spec) {
  const auto [kind, arguments] = SplitKind(source_spec);
  if (kind != "interface") return std::unique_ptr<PacketSink>();
  const std::vector<std::string> name =
      absl::StrSplit(arguments, absl::MaxSplits(',', 1));
  return InterfaceSink::Open(name[0]);
}

std::string_view SinkHelp() {
  return "pcap:FILE\n"
         "  a capture file, made anew\n"
         "interface:NAME\n"
         "  out of an interface, through AF_PACKET (needs CAP_NET_RAW)\n";
}

}  // namespace lb::dataplane
