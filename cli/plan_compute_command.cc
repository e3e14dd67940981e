#include "cli/plan_compute_command.h"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "balance/planner.h"
#include "cli/argument.h"
#include "cli/snapshot_json.h"
#include "common/status.h"

namespace lb::cli {
namespace {

struct PlanComputeOptions {
  std::string planner = "load";
  std::optional<double> target;
  std::optional<std::uint32_t> max_moves;
  std::string snapshot;
};

balance::PlanRequest MakeRequest(const PlanComputeOptions& options) {
  balance::PlanRequest request;
  // Without a target: as near to the bound as the method gets.
  request.target_permille = 1'000;
  if (options.target) {
    request.target_imbalance_ppb =
        static_cast<std::uint64_t>(*options.target * 1e9);
  }
  request.max_moves = options.max_moves;
  return request;
}

absl::StatusOr<std::string> Answer(const balance::Planner& planner,
                                   const balance::PlanRequest& request,
                                   const Clock& clock,
                                   const std::string& line) {
  LB_ASSIGN_OR_RETURN(const SnapshotLine input, ParseSnapshotLine(line));
  const MonotonicTime start = clock.Monotonic();
  LB_ASSIGN_OR_RETURN(const balance::Proposal proposal,
                      planner.Propose(input.snapshot, request));
  return FormatProposal(input, proposal, clock.Monotonic() - start);
}

absl::Status AnswerLines(const balance::Planner& planner,
                         const PlanComputeOptions& options,
                         const CommandContext& context, std::istream& in) {
  const balance::PlanRequest request = MakeRequest(options);
  const std::string name =
      options.snapshot == "-" ? "standard input" : options.snapshot;
  std::size_t number = 0;
  std::size_t answered = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const absl::StatusOr<std::string> answer =
        Answer(planner, request, context.clock, line);
    if (!answer.ok()) {
      return Annotate(answer.status(), absl::StrCat(name, ", line ", number));
    }
    context.out << *answer << '\n' << std::flush;
    ++answered;
  }
  if (in.bad()) return ErrnoStatus(errno, name);
  if (answered == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " holds no snapshot; give one JSON object a line"));
  }
  return absl::OkStatus();
}

absl::Status RunPlanCompute(const PlanComputeOptions& options,
                            const CommandContext& context) {
  LB_ASSIGN_OR_RETURN(const balance::PlannerKind kind,
                      balance::ParsePlannerKind(options.planner));
  LB_ASSIGN_OR_RETURN(const std::unique_ptr<balance::Planner> planner,
                      balance::MakePlanner(kind));
  if (options.snapshot == "-") {
    return AnswerLines(*planner, options, context, context.in);
  }
  errno = 0;
  std::ifstream file(options.snapshot);
  if (!file) return ErrnoStatus(errno, options.snapshot);
  return AnswerLines(*planner, options, context, file);
}

}  // namespace

void AddPlanComputeCommand(CommandLine& line) {
  auto options = std::make_shared<PlanComputeOptions>();
  Command command =
      line.root()
          .Group("plan", "Plans: tables and their moves")
          .Add("compute",
               "Compute a plan for each snapshot, one JSON object a line, and "
               "print one line each.");
  command.Option("--planner",
                 Word(options->planner, {"index", "load", "rsspp", "static"}),
                 "Planner to use; rsspp and static are for comparison");
  command.Option("--target", Real(options->target, "X", 1, 1e6),
                 "Stop as soon as the imbalance is at most X, or as near as "
                 "the loads allow. Without it: as near as they allow");
  command.Option("--max-moves",
                 OptionalWhole(options->max_moves, "K", 0,
                               std::numeric_limits<std::uint32_t>::max()),
                 "Move at most K buckets, the most useful first");
  command.RequiredOption("--snapshot", Text(options->snapshot, "FILE|-"),
                         "File to read, or - for standard input");
  command.Footer(
      "A snapshot has these fields:\n"
      "  processors   a count, or an array of {\"capacity\":CPUS}, 0.001 to 1\n"
      "  load         per bucket: CPUs it keeps busy\n"
      "  assignment   per bucket: number of its processor, from 0\n"
      "  connections  optional, per bucket: open ones; of plans with as many\n"
      "               moves one that moves few of them is chosen\n"
      "  utilization  optional, per processor: part of its capacity in use;\n"
      "               derived from the loads where it is left out\n"
      "  name         optional, repeated in the answer\n"
      "An answer has assignment, moves with the reason of each, the reason why "
      "there\nare no more, imbalance_before, imbalance_after, bound, indexes, "
      "total_index,\nquotas and solve_ns.\n"
      "Example: echo '{\"processors\":2,\"load\":[0.3,0.3,0.2],"
      "\"assignment\":[0,0,1]}' |\n  lbctl plan compute --snapshot -");
  command.Runs([options, &context = line.context()] {
    return RunPlanCompute(*options, context);
  });
}

}  // namespace lb::cli
