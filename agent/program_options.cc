#include "agent/program_options.h"

#include <sys/utsname.h>

#include <cerrno>
#include <set>
#include <sstream>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "agent/cpu_quota.h"
#include "agent/cpus.h"
#include "agent/flag_values.h"
#include "common/controller_target.h"
#include "common/spiffe_id.h"
#include "common/status.h"
#include "dataplane/engine/handlers.h"
#include "dataplane/io/open_sink.h"
#include "dataplane/io/open_source.h"

namespace lb::agent {
namespace {

// The flags as they were written; empty strings were not given.
struct Flags {
  std::string host;
  std::string controller = "unix:/run/lb-controller/agent.sock";
  bool insecure_loopback = false;
  TlsPaths tls;
  std::string trust_domain;
  std::string state_dir = "/var/lib/lb-agent";
  std::string key_file;
  std::optional<std::uint32_t> processors;
  std::string cpus;
  std::string capacity = "1";
  std::uint32_t buckets = kDefaultBuckets;
  std::string hash = "siphash";
  std::vector<std::string> sources;
  std::string handler = "count";
  std::string output;
  std::string idle_timeout = "60s";
  std::uint32_t max_connections = 1'048'576;
  bool spin = false;
  bool no_spin = false;
  std::vector<std::string> labels;
  std::string log_level = "info";
  bool standalone = false;
  bool once = false;
  std::string report;
};

void AddControllerFlags(CLI::App& app, Flags& flags) {
  app.add_option("--host", flags.host,
                 "Name of this host. Without it: the kernel's host name")
      ->type_name("NAME");
  app.add_option("--controller", flags.controller,
                 "Controller to follow: unix:PATH or HOST:PORT")
      ->type_name("TARGET")
      ->capture_default_str();
  app.add_flag("--insecure-loopback", flags.insecure_loopback,
               "Allow plaintext TCP to a controller on loopback");
  app.add_option("--state-dir", flags.state_dir,
                 "Directory, of this agent alone, for its last plan and key")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--label", flags.labels,
                 "Label of this host, for selecting hosts; repeatable")
      ->type_name("KEY=VALUE");
  app.add_option("--log-level", flags.log_level, "How much to log")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
}

// All four or none.
void AddTlsFlags(CLI::App& app, Flags& flags) {
  const std::vector<CLI::Option*> all = {
      app.add_option("--tls-cert", flags.tls.certificate,
                     "Certificate of spiffe://DOMAIN/agent/HOST, for mutual "
                     "TLS with a controller at HOST:PORT; PEM, read again "
                     "before every connection")
          ->type_name("FILE"),
      app.add_option("--tls-key", flags.tls.key, "Its private key")
          ->type_name("FILE"),
      app.add_option("--tls-ca", flags.tls.authorities,
                     "Certificates of the authorities to trust")
          ->type_name("FILE"),
      app.add_option("--trust-domain", flags.trust_domain,
                     "The controller is spiffe://DOMAIN/controller")
          ->type_name("DOMAIN")};
  for (CLI::Option* option : all) {
    for (CLI::Option* other : all) {
      if (other != option) option->needs(other);
    }
    option->excludes("--insecure-loopback");
  }
}

void AddProcessorFlags(CLI::App& app, Flags& flags) {
  app.add_option("--processors", flags.processors,
                 "Number of processors. Without it: one per CPU")
      ->type_name("P")
      ->check(CLI::Range(1u, kMaxProcessors));
  app.add_option("--cpus", flags.cpus,
                 "CPUs to spread the processors over, such as 0-3,6. Without "
                 "it: all that this process may use")
      ->type_name("LIST");
  app.add_option("--capacity", flags.capacity,
                 "Upper limit of each processor's capacity, in CPUs, such as "
                 "0.5 or 1/6")
      ->type_name("C")
      ->capture_default_str();
  CLI::Option* spin =
      app.add_flag("--spin", flags.spin,
                   "Spin briefly before sleeping. Without this flag and the "
                   "next: only where every processor has a CPU of its own");
  app.add_flag("--no-spin", flags.no_spin, "Sleep at once")->excludes(spin);
}

void AddPacketFlags(CLI::App& app, Flags& flags) {
  app.add_option("--source", flags.sources,
                 "Where packets come from; repeatable, a dispatcher each")
      ->type_name("SPEC")
      ->required();
  app.add_option("--handler", flags.handler, "What to do with a packet")
      ->type_name("SPEC")
      ->capture_default_str();
  app.add_option("--output", flags.output,
                 "Where packets go that the handler sends. Without it: out of "
                 "the interface they came from, and nowhere from other sources")
      ->type_name("SPEC");
  app.add_option("--buckets", flags.buckets,
                 "Number of buckets, a power of two from 64 to 65536")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--hash", flags.hash, "Hash function")
      ->check(CLI::IsMember({"siphash", "toeplitz"}))
      ->capture_default_str();
  app.add_option("--key-file", flags.key_file,
                 "File of the hash key (\"siphash HEX\" or \"toeplitz HEX\", "
                 "mode 0600). Without it: siphash keeps a random key in the "
                 "state directory, or with --standalone uses zeros; toeplitz "
                 "uses the symmetric key")
      ->type_name("FILE");
  app.add_option("--idle-timeout", flags.idle_timeout,
                 "Forget a connection after so long without a packet")
      ->type_name("TIME")
      ->capture_default_str();
  app.add_option("--max-connections", flags.max_connections,
                 "Connections to keep at most")
      ->type_name("N")
      ->check(CLI::Range(1u, 67'108'864u))
      ->capture_default_str();
}

void AddStandaloneFlags(CLI::App& app, Flags& flags) {
  CLI::Option* standalone =
      app.add_flag("--standalone", flags.standalone,
                   "Run without controller and state; print a report as JSON "
                   "when done. Done is at SIGINT or SIGTERM, or with");
  app.add_flag("--once", flags.once,
               "at the end of every source, if that comes first")
      ->needs(standalone);
  app.add_option("--report", flags.report,
                 "Where the report goes: a file, or - for standard output, "
                 "the default")
      ->type_name("FILE|-")
      ->needs(standalone);
}

absl::StatusOr<std::string> KernelHostName() {
  utsname names{};
  if (uname(&names) != 0) return ErrnoStatus(errno, "uname");
  return std::string(names.nodename);
}

absl::Status ReadProcessors(const Flags& flags, ProgramOptions& options) {
  LB_ASSIGN_OR_RETURN(std::vector<std::uint32_t> cpus, AllowedCpus());
  if (!flags.cpus.empty()) {
    LB_ASSIGN_OR_RETURN(std::vector<std::uint32_t> wanted,
                        ParseCpuList(flags.cpus));
    LB_RETURN_IF_ERROR(CheckCpus(wanted, cpus));
    cpus = std::move(wanted);
  }
  LB_ASSIGN_OR_RETURN(std::uint32_t capacity,
                      ParseCapacityPermille(flags.capacity));
  if (const auto quota = CpuQuotaPermille(); quota && *quota < capacity) {
    capacity = static_cast<std::uint32_t>(*quota);
  }
  const auto processors =
      flags.processors.value_or(static_cast<std::uint32_t>(cpus.size()));
  options.processors = SpreadOverCpus(processors, capacity, cpus);
  options.spin = flags.spin || (!flags.no_spin && processors <= cpus.size());
  return ValidateLayout({flags.buckets, options.hash, "", options.processors});
}

absl::Status ReadController(const Flags& flags, ProgramOptions& options) {
  if (!flags.trust_domain.empty()) {
    LB_RETURN_IF_ERROR(ValidateTrustDomain(flags.trust_domain));
    LB_ASSIGN_OR_RETURN(options.controller, ParseTlsTarget(flags.controller));
    options.tls = TlsOptions{flags.tls, flags.trust_domain};
    return absl::OkStatus();
  }
  LB_ASSIGN_OR_RETURN(
      options.controller,
      ParseControllerTarget(flags.controller, flags.insecure_loopback
                                                  ? PlaintextTcp::kOnLoopback
                                                  : PlaintextTcp::kRefused));
  return absl::OkStatus();
}

absl::StatusOr<ProgramOptions> ReadFlags(const Flags& flags) {
  ProgramOptions options;
  LB_ASSIGN_OR_RETURN(const std::string kernel_name, KernelHostName());
  LB_ASSIGN_OR_RETURN(
      options.host,
      ParseHostName(flags.host.empty() ? kernel_name : flags.host));
  LB_RETURN_IF_ERROR(ReadController(flags, options));
  LB_ASSIGN_OR_RETURN(options.hash, ParseHashKind(flags.hash));
  LB_RETURN_IF_ERROR(ReadProcessors(flags, options));
  LB_ASSIGN_OR_RETURN(options.idle_timeout,
                      ParseMilliseconds(flags.idle_timeout));
  for (const std::string& label : flags.labels) {
    LB_ASSIGN_OR_RETURN(auto pair, ParseLabel(label));
    options.labels.insert(std::move(pair));
  }
  options.state_dir = flags.state_dir;
  options.key_file = flags.key_file;
  options.buckets = flags.buckets;
  options.sources = flags.sources;
  options.handler = flags.handler;
  options.output = flags.output;
  options.max_connections = flags.max_connections;
  options.log_level = flags.log_level;
  options.standalone = flags.standalone;
  options.once = flags.once;
  options.report = flags.report.empty() ? "-" : flags.report;
  return options;
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(int argc,
                                             const char* const* argv) {
  Flags flags;
  CLI::App app("Runs a data plane on this host and follows a controller.",
               "lb-agent");
  app.set_version_flag("--version", "lb-agent " LB_VERSION,
                       "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  AddControllerFlags(app, flags);
  AddTlsFlags(app, flags);
  AddProcessorFlags(app, flags);
  AddPacketFlags(app, flags);
  AddStandaloneFlags(app, flags);
  app.footer(absl::StrCat(
      "Sources:\n", ToAbsl(dataplane::SourceHelp()), "\nHandlers:\n",
      ToAbsl(dataplane::HandlerHelp()), "\nOutputs:\n",
      ToAbsl(dataplane::SinkHelp()),
      "\nExit codes: 0 stopped as asked, 1 failed, 2 wrong arguments, 3 the "
      "last plan\ncannot be read, 4 another agent holds the state directory."));
  // CLI11 reports help and mistakes by throwing; none of it leaves here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked_for) {
    std::ostringstream out;
    app.exit(asked_for, out, out);
    return CommandLine{std::nullopt, out.str()};
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(error.what(), "; see lb-agent --help"));
  }
  LB_ASSIGN_OR_RETURN(ProgramOptions options, ReadFlags(flags));
  return CommandLine{std::move(options), ""};
}

}  // namespace lb::agent
