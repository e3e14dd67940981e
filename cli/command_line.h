// lbctl's command line: commands, what they take, help, errors and exit codes.
// A command file exposes
//   void AddXxxCommand(CommandLine& line);
// which declares what the command takes and what is to be run when it is
// chosen. Only the source of this file knows the parser beneath, which takes a
// compiler ten seconds to read. One thread.
#ifndef LB_CLI_COMMAND_LINE_H_
#define LB_CLI_COMMAND_LINE_H_

#include <functional>
#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/argument.h"
#include "common/clock.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lb::cli {

// What a command works with. All outlive it.
struct CommandContext {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  const Clock& clock;
  // Whether somebody at a terminal can answer a question.
  bool interactive = false;
};

// A command, or a group of them, such as "plan" of "plan list". A handle; the
// command line owns the command. Whatever an Argument writes to must live as
// long as the command line.
class Command {
 public:
  // The group called `name` beneath this one. Made by whoever asks first;
  // `description` is taken from there.
  Command Group(const std::string& name, const std::string& description);
  Command Add(const std::string& name, const std::string& description);

  // By position, in the order of declaration.
  void Takes(const std::string& name, Argument argument,
             const std::string& help);
  void MayTake(const std::string& name, Argument argument,
               const std::string& help);
  // All that are left, one at least unless `least` is 0.
  void TakesAll(const std::string& name, std::vector<std::string>& target,
                std::size_t least, const std::string& help);

  // By name: "-o,--output".
  void Option(const std::string& names, Argument argument,
              const std::string& help);
  void RequiredOption(const std::string& names, Argument argument,
                      const std::string& help);
  void Flag(const std::string& names, bool& target, const std::string& help);

  // Options of the program, which may come before or after any command that
  // follows them; `variable` of the environment stands in for one that is not
  // given.
  void SharedOption(const std::string& names, const std::string& variable,
                    Argument argument, const std::string& help);
  void SharedFlag(const std::string& names, bool& target,
                  const std::string& help);
  void FollowSharedOptions();

  // The end of the help text.
  void Footer(const std::string& text);

  // What is run if this command is chosen. An error becomes one line.
  void Runs(std::function<absl::Status()> run);

 private:
  friend class CommandLine;
  using Run = std::function<absl::Status()>;
  Command(CLI::App& app, Run& chosen) : app_(app), chosen_(chosen) {}

  CLI::Option& Declare(const std::string& names, Argument argument,
                       const std::string& help);

  CLI::App& app_;
  Run& chosen_;
};

// The program: its name, version and help, and the commands added to it.
class CommandLine {
 public:
  // The context outlives the command line.
  explicit CommandLine(CommandContext& context);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();

  Command root() { return {*app_, chosen_}; }
  CommandContext& context() { return context_; }

  // Reads the arguments, runs the chosen command and returns the exit code; see
  // errors.h. Errors are one line on context.err: "lbctl: error: ...".
  int Run(int argc, const char* const* argv);

 private:
  CommandContext& context_;
  std::unique_ptr<CLI::App> app_;
  Command::Run chosen_;
};

}  // namespace lb::cli

#endif  // LB_CLI_COMMAND_LINE_H_
