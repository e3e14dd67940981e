#include "cli/command_line.h"

#include <sstream>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "cli/errors.h"
#include "cli/formatting.h"
#include "common/status.h"

namespace lb::cli {
namespace {

// Heads the shared options in help texts: so far all say how to connect.
constexpr char kSharedGroup[] = "Connection";
constexpr std::size_t kHelpWidth = 80;

int Fail(std::ostream& err, const absl::Status& status) {
  err << "lbctl: error: " << FormatText(OneLine(status)) << '\n' << std::flush;
  return ExitCodeOf(status);
}

// Breaks lines between words.
std::string Wrapped(const std::string& text, std::size_t width) {
  std::string lines;
  std::size_t used = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    const bool fits = used + 1 + word.size() <= width;
    if (used > 0) absl::StrAppend(&lines, fits ? " " : "\n");
    used = (used > 0 && fits ? used + 1 : 0) + word.size();
    absl::StrAppend(&lines, word);
  }
  return lines;
}

// CLI11 leaves a command's own name out of its usage line and the program's
// flags out of the help of a command that follows them, and breaks no lines.
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

  std::string make_description(const CLI::App* app) const override {
    return Wrapped(app->get_description(), kHelpWidth) + "\n";
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    return Wrapped(option->get_description(), kHelpWidth - get_column_width());
  }

  std::string make_subcommand(const CLI::App* command) const override {
    std::ostringstream out;
    CLI::detail::format_help(
        out, command->get_name(),
        Wrapped(command->get_description(), kHelpWidth - get_column_width()),
        get_column_width());
    return out.str();
  }

  std::string make_footer(const CLI::App* app) const override {
    std::string footer = CLI::Formatter::make_footer(app);
    if (!app->get_fallthrough() || !app->get_subcommands({}).empty()) {
      return footer;
    }
    const CLI::App* program = app;
    while (program->get_parent() != nullptr) program = program->get_parent();
    const std::string group = make_group(
        kSharedGroup, false, program->get_options([](const CLI::Option* o) {
          return o->get_group() == kSharedGroup;
        }));
    return absl::StrCat(group.substr(1), "\n", footer);
  }
};

// As far as the command line was understood.
const CLI::App& ChosenCommand(const CLI::App& app) {
  const std::vector<CLI::App*> next = app.get_subcommands();
  return next.empty() ? app : ChosenCommand(*next.front());
}

std::string FullName(const CLI::App& app) {
  return app.get_parent() == nullptr
             ? app.get_name()
             : absl::StrCat(FullName(*app.get_parent()), " ", app.get_name());
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// CLI11 says "A subcommand is required" also to "lbctl hots".
std::string WhatIsWrong(const CLI::App& program, const CLI::App& chosen,
                        const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::RequiredError*>(&error) == nullptr ||
      CommandsOf(chosen).empty()) {
    return error.what();
  }
  const std::vector<std::string> unknown = program.remaining(true);
  if (unknown.empty()) return "a command is missing";
  return absl::StrCat("\"", unknown.front(), "\" is not known to ",
                      FullName(chosen));
}

// "; its commands are list, show; see lbctl host --help".
std::string WayOut(const CLI::App& app) {
  const std::vector<const CLI::App*> commands = CommandsOf(app);
  const std::string names = absl::StrJoin(
      commands, ", ",
      [](std::string* out, const CLI::App* c) { out->append(c->get_name()); });
  return absl::StrCat(commands.empty() ? "" : "; its commands are ", names,
                      "; see ", FullName(app), " --help");
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
    const CLI::App& chosen = ChosenCommand(app);
    const std::string wrong = WhatIsWrong(app, chosen, error);
    // One pointer is enough.
    if (absl::StrContains(wrong, "see lbctl ")) return UsageError(wrong);
    return UsageError(wrong + WayOut(chosen));
  }
  return absl::OkStatus();
}

}  // namespace

Command Command::Group(const std::string& name,
                       const std::string& description) {
  for (CLI::App* group : app_.get_subcommands([](const CLI::App*) {
         return true;  // chosen or not
       })) {
    if (group->get_name() == name) return {*group, chosen_};
  }
  CLI::App* group = app_.add_subcommand(name, description);
  group->require_subcommand(1);
  return {*group, chosen_};
}

Command Command::Add(const std::string& name, const std::string& description) {
  return {*app_.add_subcommand(name, description), chosen_};
}

CLI::Option& Command::Declare(const std::string& names, Argument argument,
                              const std::string& help) {
  const auto read = [names,
                     read = std::move(argument.read)](const std::string& text) {
    if (const absl::Status status = read(text); !status.ok()) {
      throw CLI::ValidationError(names.substr(names.rfind(',') + 1),
                                 OneLine(status));
    }
  };
  CLI::Option* option =
      app_.add_option_function<std::string>(names, read, help);
  option->type_name(argument.form);
  if (!argument.initial.empty()) option->default_str(argument.initial);
  return *option;
}

void Command::Takes(const std::string& name, Argument argument,
                    const std::string& help) {
  argument.form.clear();
  argument.initial.clear();
  Declare(name, std::move(argument), help).required();
}

void Command::MayTake(const std::string& name, Argument argument,
                      const std::string& help) {
  argument.form.clear();
  argument.initial.clear();
  Declare(name, std::move(argument), help);
}

void Command::TakesAll(const std::string& name,
                       std::vector<std::string>& target, std::size_t least,
                       const std::string& help) {
  CLI::Option* option = app_.add_option(name, target, help)->type_name("");
  if (least > 0) option->required()->expected(static_cast<int>(least), 1 << 20);
}

void Command::Option(const std::string& names, Argument argument,
                     const std::string& help) {
  Declare(names, std::move(argument), help);
}

void Command::RequiredOption(const std::string& names, Argument argument,
                             const std::string& help) {
  Declare(names, std::move(argument), help).required();
}

void Command::Flag(const std::string& names, bool& target,
                   const std::string& help) {
  app_.add_flag(names, target, help);
}

void Command::SharedOption(const std::string& names,
                           const std::string& variable, Argument argument,
                           const std::string& help) {
  CLI::Option& option = Declare(names, std::move(argument), help);
  option.group(kSharedGroup);
  if (!variable.empty()) option.envname(variable);
}

void Command::SharedFlag(const std::string& names, bool& target,
                         const std::string& help) {
  app_.add_flag(names, target, help)->group(kSharedGroup);
}

void Command::FollowSharedOptions() {
  app_.fallthrough();
  app_.get_parent()->fallthrough();
}

void Command::Footer(const std::string& text) { app_.footer(text); }

void Command::Runs(std::function<absl::Status()> run) {
  app_.callback([&chosen = chosen_, run = std::move(run)] { chosen = run; });
}

CommandLine::CommandLine(CommandContext& context)
    : context_(context), app_(std::make_unique<CLI::App>()) {
  app_->name("lbctl");
  app_->formatter(std::make_shared<CommandFormatter>());
  app_->description(
      "Operates the load balancer: shows and changes what a controller does "
      "with its hosts, and answers questions about hashing and planning "
      "without one.");
  app_->set_version_flag("--version", "lbctl " LB_VERSION,
                         "Print the version and exit");
  app_->set_help_flag("-h,--help", "Print this help and exit");
  app_->require_subcommand(1);
  app_->footer(
      "Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 not found, 4 denied, "
      "5 conflict,\n6 no answer in time, 7 controller unreachable. Errors are "
      "one line on standard error.\n"
      "\"lbctl COMMAND --help\" explains a command.");
}

CommandLine::~CommandLine() = default;

int CommandLine::Run(int argc, const char* const* argv) {
  std::string text;
  if (absl::Status status = Parse(*app_, argc, argv, text); !status.ok()) {
    return Fail(context_.err, status);
  }
  if (!text.empty()) {
    context_.out << text << std::flush;
    return kExitOk;
  }
  absl::Status status =
      chosen_ ? chosen_() : UsageError("no command; see lbctl --help");
  context_.out.flush();
  if (status.ok() && !context_.out) {
    status = absl::DataLossError("cannot write to standard output");
  }
  return status.ok() ? kExitOk : Fail(context_.err, status);
}

}  // namespace lb::cli
