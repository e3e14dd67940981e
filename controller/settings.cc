#include "controller/settings.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/log.h"
#include "common/status.h"

namespace lb::controller {
namespace {

struct Unit {
  const char* suffix;
  std::uint64_t bytes;
};
constexpr std::array<Unit, 5> kUnits = {{{"KiB", 1ULL << 10},
                                         {"MiB", 1ULL << 20},
                                         {"GiB", 1ULL << 30},
                                         {"TiB", 1ULL << 40},
                                         {"", 1}}};

constexpr std::uint64_t kLeastTelemetry = 1ULL << 20;

absl::StatusOr<std::uint64_t> ParseBytes(const std::string& text) {
  for (const Unit& unit : kUnits) {
    absl::string_view number = text;
    std::uint64_t count = 0;
    if (absl::ConsumeSuffix(&number, unit.suffix) &&
        absl::SimpleAtoi(number, &count) &&
        count <= std::numeric_limits<std::uint64_t>::max() / unit.bytes) {
      return count * unit.bytes;
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", text, "\" is no size; use a whole number with KiB, MiB or GiB"));
}

absl::Status SetDataDirectory(const std::string& text, Options& options) {
  options.store.directory = text;
  return absl::OkStatus();
}

absl::Status SetRunDirectory(const std::string& text, Options& options) {
  options.listen.run_directory = text;
  return absl::OkStatus();
}

absl::Status SetInsecureLoopback(const std::string& text, Options& options) {
  LB_ASSIGN_OR_RETURN(options.listen.insecure_loopback, ParseLoopback(text));
  return absl::OkStatus();
}

absl::Status SetPortFile(const std::string& text, Options& options) {
  options.port_file = text;
  return absl::OkStatus();
}

TlsOptions& Tls(Options& options) {
  if (!options.listen.tls) options.listen.tls.emplace();
  return *options.listen.tls;
}

absl::Status SetTlsAddress(const std::string& text, Options& options) {
  LB_ASSIGN_OR_RETURN(Tls(options).address, ParseTcpAddress(text));
  return absl::OkStatus();
}

template <std::string TlsOptions::*kMember>
absl::Status SetTls(const std::string& text, Options& options) {
  Tls(options).*kMember = text;
  return absl::OkStatus();
}

absl::Status SetPolicyFile(const std::string& text, Options& options) {
  options.policy_file = text;
  return absl::OkStatus();
}

absl::Status SetTelemetryLimit(const std::string& text, Options& options) {
  LB_ASSIGN_OR_RETURN(const std::uint64_t bytes, ParseBytes(text));
  if (bytes < kLeastTelemetry) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text,
                     "\" is less than 1MiB, which an empty file and "
                     "its log take"));
  }
  options.store.telemetry_limit_bytes = bytes;
  return absl::OkStatus();
}

absl::Status SetLogLevel(const std::string& text, Options& options) {
  options.log_level = text;
  return ParseLogLevel(text).status();
}

absl::Status SetAsideTelemetry(const std::string& /*text*/, Options& options) {
  options.store.set_aside_telemetry = true;
  return absl::OkStatus();
}

constexpr std::array<Setting, 14> kSettings = {{
    {"data_dir", "DIR", "/var/lib/lb-controller", "/var/lib/lb-controller",
     Effect::kRestart,
     "Where control.db and telemetry.db are kept, by one controller at a time",
     SetDataDirectory},
    {"run_dir", "DIR", "", "/run/lb-controller", Effect::kRestart,
     "Where the unix sockets are made, one for each role. Without it: "
     "/run/lb-controller, or none if insecure_loopback is given",
     SetRunDirectory},
    {"insecure_loopback", "HOST:PORT", "", "127.0.0.1:7400", Effect::kRestart,
     "Serve every role as plaintext TCP, on loopback only, for trying it; port "
     "0 lets the kernel choose",
     SetInsecureLoopback},
    {"port_file", "FILE", "", "/run/lb-controller/port", Effect::kRestart,
     "Write insecure_loopback's port there once it is served", SetPortFile},
    {"tls.address", "HOST:PORT", "", "0.0.0.0:7443", Effect::kRestart,
     "Serve mutual TLS there. The other settings of tls belong to it",
     SetTlsAddress},
    {"tls.cert", "FILE", "", "/etc/lb-controller/controller.crt",
     Effect::kRestart,
     "The controller's certificate in PEM, with the URI "
     "spiffe://TRUST_DOMAIN/controller, followed by intermediates",
     SetTls<&TlsOptions::certificate_file>},
    {"tls.key", "FILE", "", "/etc/lb-controller/controller.key",
     Effect::kRestart, "The certificate's private key in PEM",
     SetTls<&TlsOptions::key_file>},
    {"tls.ca", "FILE", "", "/etc/lb-controller/ca.crt", Effect::kRestart,
     "Who signs the certificates of agents and users, in PEM",
     SetTls<&TlsOptions::ca_file>},
    {"tls.trust_domain", "DOMAIN", "", "lb.example.com", Effect::kRestart,
     "Domain of the URIs in certificates: spiffe://DOMAIN/agent/HOST and "
     "spiffe://DOMAIN/user/NAME",
     SetTls<&TlsOptions::trust_domain>},
    {"tls.roles", "FILE", "", "/etc/lb-controller/roles.yaml", Effect::kRestart,
     "YAML file with the role of each user: viewer, operator or admin",
     SetTls<&TlsOptions::roles_file>},
    {"policy", "FILE", "", "/etc/lb-controller/policy.yaml", Effect::kReload,
     "YAML file with the default policy, which becomes the stored one at the "
     "start, and again at a reload if the file has changed",
     SetPolicyFile},
    {"telemetry_limit", "SIZE", "10GiB", "10GiB", Effect::kRestart,
     "How large telemetry.db may grow before its oldest measurements go",
     SetTelemetryLimit},
    {"log_level", "LEVEL", "info", "info", Effect::kReload,
     "How much to log: debug, info, warning or error", SetLogLevel},
    {"set_aside_telemetry", "", "", "", Effect::kOnce,
     "Move a damaged telemetry.db aside and begin a new one",
     SetAsideTelemetry},
}};

// "data-dir" of data_dir, "tls-key" of tls.key.
std::string Dashed(const Setting& setting) {
  return absl::StrReplaceAll(setting.key, {{".", "-"}, {"_", "-"}});
}

// Levenshtein's: insertions, deletions and replacements.
std::size_t Edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

// `text` in comment lines of at most 80 columns, each after `indent`.
std::string Comment(const std::string& text, const std::string& indent) {
  constexpr std::size_t kColumns = 80;
  const std::string begin = indent + "#";
  std::string lines;
  std::string line = begin;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (line.size() + 1 + word.size() > kColumns) {
      absl::StrAppend(&lines, line, "\n");
      line = begin;
    }
    absl::StrAppend(&line, " ", word);
  }
  return absl::StrCat(lines, line, "\n");
}

}  // namespace

std::span<const Setting> Settings() { return kSettings; }

std::string FlagOf(const Setting& setting) { return "--" + Dashed(setting); }

std::string VariableOf(const Setting& setting) {
  return absl::StrCat(
      "LB_CONTROLLER_",
      absl::StrReplaceAll(absl::AsciiStrToUpper(setting.key), {{".", "_"}}));
}

const Setting* FindSetting(std::string_view key) {
  const auto* found =
      std::find_if(kSettings.begin(), kSettings.end(),
                   [&](const Setting& s) { return s.key == key; });
  return found == kSettings.end() ? nullptr : found;
}

std::string Nearest(std::string_view name,
                    const std::vector<std::string>& known) {
  return *std::min_element(known.begin(), known.end(),
                           [&](const auto& a, const auto& b) {
                             return Edits(name, a) < Edits(name, b);
                           });
}

std::string EffectiveText(const Setting& setting, const GivenSettings& given) {
  const auto found = given.find(setting.key);
  return found == given.end() ? setting.preset : found->second.text;
}

std::string ExampleFile() {
  std::string text = Comment(
      "Configuration of lb-controller. A flag takes precedence over the "
      "environment, and the environment over this file. SIGHUP reads it again; "
      "lb-controller --check-config says what is wrong with it.",
      "");
  std::string section;
  for (const Setting& setting : Settings()) {
    if (setting.effect == Effect::kOnce) continue;
    const std::vector<std::string> path = absl::StrSplit(setting.key, '.');
    const std::string indent = path.size() > 1 ? "  " : "";
    absl::StrAppend(&text, "\n");
    if (path.size() > 1 && path.front() != section) {
      section = path.front();
      absl::StrAppend(&text, "#", section, ":\n");
    }
    absl::StrAppend(&text,
                    Comment(absl::StrCat(setting.help, ". ", FlagOf(setting),
                                         ", ", VariableOf(setting), "."),
                            indent),
                    "#", indent, path.back(), ": ", setting.example, "\n");
  }
  return text;
}

}  // namespace lb::controller
