#include "cli/program.h"

#include <sstream>
#include <string>

#include "absl/strings/cord.h"
#include "common/status.h"

namespace lb::cli {
namespace {

constexpr char kUsagePayload[] = "lbctl/usage";

int Fail(std::ostream& err, const absl::Status& status, int exit_code) {
  err << "lbctl: error: " << OneLine(status) << '\n' << std::flush;
  return exit_code;
}

// CLI11 reports help, version and mistakes by throwing; none of it leaves here.
absl::Status Parse(CLI::App& app, int argc, const char* const* argv,
                   std::string& text) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked_for) {
    std::ostringstream out;
    app.exit(asked_for, out, out);
    text = out.str();
  } catch (const CLI::ParseError& error) {
    return UsageError(std::string(error.what()) + "; see lbctl --help");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status UsageError(std::string_view message) {
  absl::Status status = absl::InvalidArgumentError(ToAbsl(message));
  status.SetPayload(kUsagePayload, absl::Cord());
  return status;
}

CLI::App& CommandGroup(CLI::App& app, const std::string& name,
                       const std::string& description) {
  for (CLI::App* group : app.get_subcommands([](const CLI::App*) {
         return true;  // chosen or not
       })) {
    if (group->get_name() == name) return *group;
  }
  CLI::App* group = app.add_subcommand(name, description);
  group->require_subcommand(1);
  return *group;
}

void DescribeProgram(CLI::App& app) {
  app.name("lbctl");
  app.description(
      "Operates the load balancer: shows hosts, plans and events, and answers "
      "questions about hashing and planning without a server.");
  app.set_version_flag("--version", "lbctl " LB_VERSION,
                       "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong arguments. Errors are one line on "
      "standard error.\n\"lbctl COMMAND --help\" explains a command.");
}

int RunProgram(CLI::App& app, CommandContext& context, int argc,
               const char* const* argv) {
  std::string text;
  if (absl::Status status = Parse(app, argc, argv, text); !status.ok()) {
    return Fail(context.err, status, kExitUsage);
  }
  if (!text.empty()) {
    context.out << text << std::flush;
    return kExitOk;
  }
  absl::Status status = context.selected
                            ? context.selected()
                            : UsageError("no command; see lbctl --help");
  context.out.flush();
  if (status.ok() && !context.out) {
    status = absl::DataLossError("cannot write to standard output");
  }
  if (status.ok()) return kExitOk;
  return Fail(context.err, status,
              status.GetPayload(kUsagePayload) ? kExitUsage : kExitFailure);
}

}  // namespace lb::cli
