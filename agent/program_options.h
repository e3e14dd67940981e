// lb-agent's command line.
#ifndef LB_AGENT_PROGRAM_OPTIONS_H_
#define LB_AGENT_PROGRAM_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/tls_files.h"
#include "common/table.h"

namespace lb::agent {

struct TlsOptions {
  TlsPaths paths;
  std::string trust_domain;
};

struct ProgramOptions {
  std::string host;
  std::string controller;         // in gRPC's notation
  std::optional<TlsOptions> tls;  // none: plaintext
  std::string state_dir;
  std::string key_file;  // empty: in the state directory
  std::uint32_t buckets = kDefaultBuckets;
  HashKind hash = HashKind::kSipHash;
  std::vector<ProcessorLayout> processors;
  std::vector<std::string> sources;  // specs
  std::string handler;
  std::string output;  // spec; empty: back to where a packet came from
  std::chrono::milliseconds idle_timeout{60'000};
  std::uint32_t max_connections = 1'048'576;
  bool spin = false;
  std::map<std::string, std::string> labels;
  std::string log_level;

  bool standalone = false;
  bool once = false;
  std::string report;  // a path, or "-"
};

// What the command line asks for: to run with `run`, or, if that is empty, to
// print `text` (help, version) and exit with 0. INVALID_ARGUMENT in one line
// for anything wrong with the arguments themselves.
struct CommandLine {
  std::optional<ProgramOptions> run;
  std::string text;
};
absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv);

}  // namespace lb::agent

#endif  // LB_AGENT_PROGRAM_OPTIONS_H_
