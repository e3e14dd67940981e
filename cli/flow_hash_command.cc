#include "cli/flow_hash_command.h"

#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "cli/argument.h"
#include "cli/errors.h"
#include "common/flow_key.h"
#include "common/status.h"
#include "common/table.h"
#include "dataplane/core/flow_hash.h"

namespace lb::cli {
namespace {

struct FlowHashOptions {
  std::string hash = "siphash";
  std::string key;
  std::uint32_t buckets = kDefaultBuckets;
  bool symmetric = false;
  std::string source;
  std::string destination;
  std::uint32_t source_port = 0;
  std::uint32_t destination_port = 0;
};

absl::Status CheckAddress(const std::string& text) {
  return ParseAddress(text).status();
}

Argument Buckets(std::uint32_t& target) {
  Argument argument = Whole(target, "N", kMinBuckets, kMaxBuckets);
  argument.read = [&target](const std::string& text) {
    std::uint32_t buckets = 0;
    if (!absl::SimpleAtoi(text, &buckets) || !std::has_single_bit(buckets) ||
        buckets < kMinBuckets || buckets > kMaxBuckets) {
      return absl::InvalidArgumentError(
          "buckets is " + text + "; use a power of two from 64 to 65536");
    }
    target = buckets;
    return absl::OkStatus();
  };
  return argument;
}

absl::Status CheckKey(const std::string& text) {
  for (char c : text) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError("key \"" + text +
                                        "\" is not hexadecimal");
    }
  }
  if (text.size() % 2 == 0) return absl::OkStatus();
  return absl::InvalidArgumentError("key has an odd number of digits");
}

std::vector<std::uint8_t> KeyBytes(HashKind kind, const std::string& hex) {
  if (hex.empty() && kind == HashKind::kToeplitz) {
    return {dataplane::kMicrosoftKey.begin(), dataplane::kMicrosoftKey.end()};
  }
  if (hex.empty()) return std::vector<std::uint8_t>(dataplane::kSipKeyBytes, 0);
  const std::string bytes = absl::HexStringToBytes(hex);
  return {bytes.begin(), bytes.end()};
}

absl::StatusOr<FlowKey> MakeFlowKey(const FlowHashOptions& options) {
  LB_ASSIGN_OR_RETURN(const ParsedAddress source, ParseAddress(options.source));
  LB_ASSIGN_OR_RETURN(const ParsedAddress destination,
                      ParseAddress(options.destination));
  if (source.version != destination.version) {
    return UsageError(options.source + " and " + options.destination +
                      " are not of one IP version");
  }
  FlowKey key;
  key.source = source.address;
  key.destination = destination.address;
  key.source_port = static_cast<std::uint16_t>(options.source_port);
  key.destination_port = static_cast<std::uint16_t>(options.destination_port);
  key.version = source.version;
  return options.symmetric ? Canonical(key) : key;
}

absl::Status RunFlowHash(const FlowHashOptions& options, std::ostream& out) {
  LB_ASSIGN_OR_RETURN(const HashKind kind, ParseHashKind(options.hash));
  LB_ASSIGN_OR_RETURN(const FlowKey key, MakeFlowKey(options));
  const absl::StatusOr<dataplane::FlowHash> hash =
      dataplane::FlowHash::Create(kind, KeyBytes(kind, options.key));
  if (!hash.ok()) return UsageError(OneLine(hash.status()));
  const std::uint32_t value = (*hash)(key);
  out << "{\"hash\":" << value
      << ",\"bucket\":" << dataplane::BucketOf(value, options.buckets).value()
      << "}\n";
  return absl::OkStatus();
}

}  // namespace

void AddFlowHashCommand(CommandLine& line) {
  auto options = std::make_shared<FlowHashOptions>();
  Command command =
      line.root()
          .Group("flow", "Questions about connections")
          .Add("hash",
               "Print the hash of a flow and its bucket, as "
               "{\"hash\":H,\"bucket\":B}. The flow is hashed as given, so its "
               "two directions differ.");
  command.Option("--hash", Word(options->hash, {"siphash", "toeplitz"}),
                 "Hash function");
  command.Option("--key", Text(options->key, "HEX", CheckKey),
                 "Key, in hexadecimal: 16 bytes for siphash, 40 for toeplitz. "
                 "Without it: all zero for siphash, Microsoft's published RSS "
                 "key for toeplitz");
  command.Option("--buckets", Buckets(options->buckets),
                 "Number of buckets, a power of two from 64 to 65536");
  command.Flag("--symmetric", options->symmetric,
               "Hash both directions alike, by the lower end first");
  command.Takes("SRC", Text(options->source, "", CheckAddress),
                "Source address, IPv4 or IPv6");
  command.Takes("SPORT", Whole(options->source_port, "", 0, 65'535),
                "Source port");
  command.Takes("DST", Text(options->destination, "", CheckAddress),
                "Destination address");
  command.Takes("DPORT", Whole(options->destination_port, "", 0, 65'535),
                "Destination port");
  command.Footer(
      "Example: lbctl flow hash --hash toeplitz 66.9.149.187 2794 "
      "161.142.100.80 1766");
  command.Runs([options, &out = line.context().out] {
    return RunFlowHash(*options, out);
  });
}

}  // namespace lb::cli
