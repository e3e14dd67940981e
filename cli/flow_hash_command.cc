#include "cli/flow_hash_command.h"

#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
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

std::string CheckAddress(const std::string& text) {
  const absl::Status status = ParseAddress(text).status();
  return status.ok() ? "" : OneLine(status);
}

std::string CheckBuckets(const std::string& text) {
  std::uint32_t buckets = 0;
  if (CLI::detail::lexical_cast(text, buckets) &&
      std::has_single_bit(buckets) && buckets >= kMinBuckets &&
      buckets <= kMaxBuckets) {
    return "";
  }
  return "buckets is " + text + "; use a power of two from 64 to 65536";
}

std::string CheckKey(const std::string& text) {
  for (char c : text) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) {
      return "key \"" + text + "\" is not hexadecimal";
    }
  }
  return text.size() % 2 == 0 ? "" : "key has an odd number of digits";
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

void AddFlowHashCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<FlowHashOptions>();
  CLI::App& flow = CommandGroup(app, "flow", "Questions about flows");
  CLI::App* command = flow.add_subcommand(
      "hash",
      "Print the hash of a flow and its bucket, as {\"hash\":H,\"bucket\":B}. "
      "The flow is hashed as given, so its two directions differ.");
  command->add_option("--hash", options->hash, "Hash function")
      ->check(CLI::IsMember({"siphash", "toeplitz"}))
      ->capture_default_str();
  command
      ->add_option("--key", options->key,
                   "Key, in hexadecimal: 16 bytes for siphash, 40 for "
                   "toeplitz. Without it: all zero for siphash, Microsoft's "
                   "published RSS key for toeplitz")
      ->type_name("HEX")
      ->check(CheckKey);
  command
      ->add_option("--buckets", options->buckets,
                   "Number of buckets, a power of two from 64 to 65536")
      ->type_name("N")
      ->check(CheckBuckets)
      ->capture_default_str();
  command->add_flag("--symmetric", options->symmetric,
                    "Hash both directions alike, by the lower end first");
  command->add_option("SRC", options->source, "Source address, IPv4 or IPv6")
      ->type_name("")
      ->required()
      ->check(CheckAddress);
  command->add_option("SPORT", options->source_port, "Source port")
      ->type_name("")
      ->required()
      ->check(CLI::Range(0, 65'535));
  command->add_option("DST", options->destination, "Destination address")
      ->type_name("")
      ->required()
      ->check(CheckAddress);
  command->add_option("DPORT", options->destination_port, "Destination port")
      ->type_name("")
      ->required()
      ->check(CLI::Range(0, 65'535));
  command->footer(
      "Example: lbctl flow hash --hash toeplitz 66.9.149.187 2794 "
      "161.142.100.80 1766");
  command->callback([options, &context] {
    context.selected = [options, &context] {
      return RunFlowHash(*options, context.out);
    };
  });
}

}  // namespace lb::cli
