#include "cli/program.h"

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::cli {
namespace {

constexpr char kUsagePayload[] = "lbctl/usage";

int Fail(std::ostream& err, const absl::Status& status, int exit_code) {
  err << "lbctl: error: " << OneLine(status) << '\n' << std::flush;
  return exit_code;
}

// CLI11 leaves a command's own name out of its usage line, and the program's
// flags out of the help of a command that follows them.
class CommandFormatter final : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string) const override {
    std::string name = app->get_name();
    for (const CLI::App* up = app->get_parent(); up != nullptr;
         up = up->get_parent()) {
      name = absl::StrCat(up->get_name(), " ", name);
    }
    return CLI::Formatter::make_usage(app, name);
  }

  std::string make_footer(const CLI::App* app) const override {
    std::string footer = CLI::Formatter::make_footer(app);
    if (!app->get_fallthrough() || !app->get_subcommands({}).empty()) {
      return footer;
    }
    const CLI::App* program = app;
    while (program->get_parent() != nullptr) program = program->get_parent();
    const std::string group = make_group(
        kConnectionGroup, false, program->get_options([](const CLI::Option* o) {
          return o->get_group() == kConnectionGroup;
        }));
    return absl::StrCat(group.substr(1), "\n", footer);
  }
};

// "lbctl host", as far as the command line was understood.
std::string ChosenCommand(const CLI::App& app) {
  std::string name;
  for (const CLI::App* chosen = &app; chosen != nullptr;) {
    absl::StrAppend(&name, name.empty() ? "" : " ", chosen->get_name());
    const std::vector<CLI::App*> next = chosen->get_subcommands();
    chosen = next.empty() ? nullptr : next.front();
  }
  return name;
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
    return UsageError(
        absl::StrCat(error.what(), "; see ", ChosenCommand(app), " --help"));
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
  app.formatter(std::make_shared<CommandFormatter>());
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
