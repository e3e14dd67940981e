#include "controller/options.h"

#include <sstream>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/policy_file.h"

namespace lb::controller {
namespace {

constexpr char kDefaultRunDirectory[] = "/run/lb-controller";

struct Arguments {
  std::string insecure_loopback;
  std::string policy_file;
};

void Describe(CLI::App& app, Options& options, Arguments& arguments) {
  app.name("lb-controller");
  app.description(
      "Decides for all hosts: receives the agents' measurements, computes "
      "plans, sends them, and keeps the history.");
  app.set_version_flag("--version", "lb-controller " LB_VERSION,
                       "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.add_option("--data-dir", options.data_directory,
                 "Where control.db and telemetry.db are kept")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--run-dir", options.listen.run_directory,
                 "Where agent.sock and viewer.sock are made (default "
                 "/run/lb-controller unless --insecure-loopback is given)")
      ->type_name("DIR");
  app.add_option("--insecure-loopback", arguments.insecure_loopback,
                 "Serve plaintext TCP too, on loopback only; port 0 lets the "
                 "kernel choose")
      ->type_name("HOST:PORT");
  app.add_option("--port-file", options.port_file,
                 "Write the TCP port there once it is served")
      ->type_name("FILE");
  app.add_option("--policy", arguments.policy_file,
                 "YAML file with the default policy; becomes the stored one")
      ->type_name("FILE");
  app.add_option("--log-level", options.log_level,
                 "debug, info, warning or error")
      ->capture_default_str();
  app.footer(
      "Exit codes: 0 stopped, 1 failed, 2 wrong arguments, 3 the store is "
      "damaged, foreign or newer,\n4 another process holds the store.");
}

absl::Status Complete(const Arguments& arguments, Options& options) {
  if (!arguments.insecure_loopback.empty()) {
    LB_ASSIGN_OR_RETURN(options.listen.insecure_loopback,
                        ParseLoopback(arguments.insecure_loopback));
  } else if (options.listen.run_directory.empty()) {
    options.listen.run_directory = kDefaultRunDirectory;
  }
  if (!options.port_file.empty() && !options.listen.insecure_loopback) {
    return absl::InvalidArgumentError(
        "--port-file needs a TCP port; give --insecure-loopback too");
  }
  if (!arguments.policy_file.empty()) {
    LB_ASSIGN_OR_RETURN(options.policy, ReadPolicyFile(arguments.policy_file));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(int argc,
                                             const char* const* argv) {
  CommandLine line;
  Arguments arguments;
  CLI::App app;
  Describe(app, line.options, arguments);
  // CLI11 reports help, version and mistakes by throwing.
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked_for) {
    std::ostringstream out;
    app.exit(asked_for, out, out);
    line.text = out.str();
    return line;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(error.what(), "; see lb-controller --help"));
  }
  LB_RETURN_IF_ERROR(Complete(arguments, line.options));
  return line;
}

}  // namespace lb::controller
