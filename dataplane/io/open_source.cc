#include "dataplane/io/open_source.h"

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "dataplane/io/interface_source.h"
#include "dataplane/io/pcap_source.h"
#include "dataplane/io/traffic_generator.h"

namespace lb::dataplane {
namespace {

using Source = absl::StatusOr<std::unique_ptr<PacketSource>>;

constexpr double kMaxSpeed = 1e6;

// One of the arguments behind the kind: NAME or NAME=VALUE.
struct Argument {
  std::string name;
  std::optional<std::string> value;
};

// At least one, whose name may be empty.
std::vector<Argument> SplitArguments(absl::string_view text) {
  if (text.empty()) return {{}};
  std::vector<Argument> arguments;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::pair<std::string, std::string> halves =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    Argument argument{halves.first, std::nullopt};
    if (absl::StrContains(part, '=')) argument.value = halves.second;
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

absl::Status Bad(const Argument& argument, absl::string_view use) {
  return absl::InvalidArgumentError(
      absl::StrCat("argument \"", argument.name, argument.value ? "=" : "",
                   argument.value.value_or(""), "\" is wrong; use ", use));
}

absl::Status Unknown(const Argument& argument, absl::string_view known) {
  return absl::InvalidArgumentError(
      absl::StrCat("argument \"", argument.name, "\" is unknown; use ", known));
}

template <class Integer>
absl::Status Read(const Argument& argument, Integer& to) {
  if (argument.value && absl::SimpleAtoi(*argument.value, &to)) {
    return absl::OkStatus();
  }
  return Bad(argument, absl::StrCat(argument.name, "=N, a whole number"));
}

absl::Status Read(const Argument& argument, double& to) {
  if (argument.value && absl::SimpleAtod(*argument.value, &to)) {
    return absl::OkStatus();
  }
  return Bad(argument, absl::StrCat(argument.name, "=X, a number"));
}

absl::Status ReadPcapArgument(const Argument& argument, PcapOptions& options) {
  if (argument.name == "loop") {
    options.rounds = 0;
    if (argument.value.value_or("").empty()) return absl::OkStatus();
    LB_RETURN_IF_ERROR(Read(argument, options.rounds));
    return options.rounds > 0 ? absl::OkStatus()
                              : Bad(argument, "loop=ROUNDS, at least 1");
  }
  if (argument.name == "speed") {
    LB_RETURN_IF_ERROR(Read(argument, options.speed));
    return options.speed > 0 && options.speed <= kMaxSpeed
               ? absl::OkStatus()
               : Bad(argument, "speed=X, above 0 and at most 1e6");
  }
  if (argument.name == "shift") {
    options.shift = true;
    return argument.value ? Bad(argument, "shift without a value")
                          : absl::OkStatus();
  }
  return Unknown(argument, "loop, loop=ROUNDS, speed=X or shift");
}

Source OpenPcap(absl::string_view text) {
  std::vector<Argument> arguments = SplitArguments(text);
  PcapOptions options;
  options.file = arguments[0].value
                     ? absl::StrCat(arguments[0].name, "=", *arguments[0].value)
                     : arguments[0].name;
  if (options.file.empty()) {
    return absl::InvalidArgumentError("no file is named; use pcap:FILE");
  }
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    LB_RETURN_IF_ERROR(ReadPcapArgument(arguments[i], options));
  }
  return PcapSource::Open(options);
}

Source OpenGenerator(absl::string_view text) {
  TrafficOptions options;
  const std::map<std::string, std::function<absl::Status(const Argument&)>>
      readers = {
          {"seed", [&](auto& a) { return Read(a, options.seed); }},
          {"connections",
           [&](auto& a) { return Read(a, options.connections); }},
          {"zipf", [&](auto& a) { return Read(a, options.zipf); }},
          {"pareto", [&](auto& a) { return Read(a, options.pareto); }},
          {"arrivals", [&](auto& a) { return Read(a, options.arrivals); }},
          {"elephants", [&](auto& a) { return Read(a, options.elephants); }},
          {"share", [&](auto& a) { return Read(a, options.share); }},
          {"rate", [&](auto& a) { return Read(a, options.rate); }},
          {"packets", [&](auto& a) { return Read(a, options.packets); }},
          {"bytes", [&](auto& a) { return Read(a, options.bytes); }},
      };
  if (!text.empty()) {
    for (const Argument& argument : SplitArguments(text)) {
      const auto reader = readers.find(argument.name);
      if (reader == readers.end()) {
        return Unknown(argument,
                       absl::StrJoin(readers, ", ",
                                     [](std::string* out, const auto& entry) {
                                       out->append(entry.first);
                                     }));
      }
      LB_RETURN_IF_ERROR(reader->second(argument));
    }
  }
  return TrafficGenerator::Create(options);
}

Source OpenInterface(absl::string_view text) {
  const std::vector<Argument> arguments = SplitArguments(text);
  InterfaceOptions options{.name = arguments[0].name};
  if (options.name.empty() || arguments[0].value) {
    return absl::InvalidArgumentError(
        "no interface is named; use interface:NAME");
  }
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i].name != "promiscuous" || arguments[i].value) {
      return Unknown(arguments[i], "promiscuous or nothing");
    }
    options.promiscuous = true;
  }
  return InterfaceSource::Open(options);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PacketSource>> OpenSource(
    std::string_view spec) {
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(ToAbsl(spec), absl::MaxSplits(':', 1));
  const auto& [kind, arguments] = halves;
  Source source = absl::InvalidArgumentError(
      absl::StrCat("\"", kind,
                   "\" is no kind of source; use pcap:FILE, generate:... or "
                   "interface:NAME"));
  if (kind == "pcap") source = OpenPcap(arguments);
  if (kind == "generate") source = OpenGenerator(arguments);
  if (kind == "interface") source = OpenInterface(arguments);
  if (!source.ok()) {
    return Annotate(source.status(),
                    ToStd(absl::StrCat("source ", ToAbsl(spec))));
  }
  return source;
}

std::string_view SourceHelp() {
  return "pcap:FILE[,loop[=ROUNDS]][,speed=X][,shift]\n"
         "  a capture (pcap or pcapng, Ethernet; no comma in FILE): once or\n"
         "  ROUNDS times or for ever, at full speed or X times as fast as\n"
         "  recorded, with new client addresses every round\n"
         "generate:[seed=N][,connections=N][,zipf=X][,pareto=X][,arrivals=X]\n"
         "    [,elephants=N][,share=X][,rate=X][,packets=N][,bytes=N]\n"
         "  seeded traffic: weights by Zipf, sizes by Pareto, arrivals and\n"
         "  rate a second (0: none; full speed), elephants with a share of\n"
         "  all packets, packets in all (0: endless), bytes a frame\n"
         "interface:NAME[,promiscuous]\n"
         "  live, through AF_PACKET (needs CAP_NET_RAW)\n";
}

}  // namespace lb::dataplane
