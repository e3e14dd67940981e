// The frame of lbctl: help, version, errors and exit codes. One thread.
#ifndef LB_CLI_PROGRAM_H_
#define LB_CLI_PROGRAM_H_

#include "CLI/CLI.hpp"
#include "cli/command.h"

namespace lb::cli {

// Gives `app` the program's name, version and help; before any command is
// added.
void DescribeProgram(CLI::App& app);

// Parses the arguments, runs the chosen command and returns the exit code of
// common/status.h. Errors are one line on context.err: "lbctl: error: ...".
int RunProgram(CLI::App& app, CommandContext& context, int argc,
               const char* const* argv);

}  // namespace lb::cli

#endif  // LB_CLI_PROGRAM_H_
