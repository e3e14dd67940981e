#include "cli/backtest_command.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/errors.h"
#include "cli/formatting.h"
#include "cli/policy_text.h"
#include "cli/proto_json.h"
#include "cli/resource_name.h"
#include "cli/text_table.h"
#include "cli/time_text.h"
#include "common/format_number.h"
#include "lb/v1/plan_service.pb.h"

namespace lb::cli {
namespace {

using Align = TextTable::Align;

struct BacktestOptions {
  std::string host;
  std::optional<WallTime> from;
  std::optional<WallTime> to;
  v1::PlannerKind planner = v1::PLANNER_KIND_UNSPECIFIED;
  std::string policy_file;
};

constexpr std::chrono::hours kLongest{31 * 24};  // that a controller takes

absl::Status CheckTimes(const BacktestOptions& options, WallTime now) {
  LB_RETURN_IF_ERROR(CheckPeriod(options.from, options.to));
  if (*options.from >= now) {
    return UsageError(absl::StrCat("--from is ", FormatWallTime(*options.from),
                                   ", which is not in the past"));
  }
  if (options.to.value_or(now) - *options.from <= kLongest) {
    return absl::OkStatus();
  }
  return UsageError(absl::StrCat("from --from to ", options.to ? "--to" : "now",
                                 " are more than 31 days; choose less"));
}

void PrintFigures(const v1::BacktestResponse& result, std::ostream& out) {
  TextTable table({{""},
                   {"PLANS", Align::kRight},
                   {"MOVES", Align::kRight},
                   {"IMBALANCE, MEAN", Align::kRight},
                   {"GREATEST", Align::kRight},
                   {"TIME ABOVE TRIGGER", Align::kRight}});
  table.AddRow({"recorded", absl::StrCat(result.plans_recorded()),
                absl::StrCat(result.moves_recorded()),
                FormatRatio(result.imbalance_mean_recorded()),
                FormatRatio(result.imbalance_max_recorded()),
                FormatPercent(result.time_above_trigger_recorded())});
  table.AddRow({"backtest", absl::StrCat(result.plans()),
                absl::StrCat(result.moves()),
                FormatRatio(result.imbalance_mean()),
                FormatRatio(result.imbalance_max()),
                FormatPercent(result.time_above_trigger())});
  table.Print(out);
}

void PrintSteps(const v1::BacktestResponse& result, std::ostream& out) {
  TextTable table({{"TIME"},
                   {"RECORDED", Align::kRight},
                   {"BACKTEST", Align::kRight},
                   {"VERDICT"},
                   {"MOVES", Align::kRight}});
  for (const v1::BacktestStep& step : result.steps()) {
    table.AddRow({FormatTime(step.time()),
                  FormatRatio(step.imbalance_recorded()),
                  FormatRatio(step.imbalance()), FormatText(step.verdict()),
                  absl::StrCat(step.moves())});
  }
  table.Print(out);
}

absl::Status RunBacktest(const BacktestOptions& options, Session& session) {
  LB_RETURN_IF_ERROR(CheckTimes(options, session.clock().Wall()));
  v1::BacktestRequest request;
  request.set_parent(options.host);
  *request.mutable_start_time() = ToTimestamp(*options.from);
  if (options.to) *request.mutable_end_time() = ToTimestamp(*options.to);
  if (!options.policy_file.empty()) {
    LB_ASSIGN_OR_RETURN(*request.mutable_policy(),
                        ReadPolicyFile(options.policy_file));
  }
  if (options.planner != v1::PLANNER_KIND_UNSPECIFIED) {
    request.mutable_policy()->set_planner(options.planner);
  }
  LB_ASSIGN_OR_RETURN(const auto result,
                      session.Call<v1::BacktestResponse>(request));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(result, JsonLayout::kIndented, session.out());
  }
  session.out() << ShortName(options.host) << ", "
                << FormatNumber(result.samples(), "sample") << "\n\n";
  PrintFigures(result, session.out());
  session.out() << "Recorded are all plans that came into force, those of "
                   "drains, pins and operators too.\n";
  if (result.steps_size() > 0) {
    session.out() << '\n';
    PrintSteps(result, session.out());
  }
  return absl::OkStatus();
}

}  // namespace

void AddBacktestCommand(const Online& online) {
  auto options = std::make_shared<BacktestOptions>();
  Command command = online.root().Add(
      "backtest",
      "Say what another planner or policy would have done with a host over "
      "stored history, beside what was done.");
  command.RequiredOption("--host", HostName(options->host), "Name of the host");
  command.RequiredOption("--from", Time(options->from, online.clock()),
                         "From this time, such as 2026-11-22T12:40:59Z or -1h");
  command.Option("--to", Time(options->to, online.clock()),
                 "Up to this time, at most 31 days later; without it: up to "
                 "now");
  command.Option("--planner", Planner(options->planner),
                 "Planner to try; without it: the policy's");
  command.Option("--policy", Text(options->policy_file, "FILE"),
                 "Policy to try, as YAML; without it: the host's present one");
  command.Footer(
      "The loads are those that were measured while the recorded plans were "
      "carried\nout, so what these brought and cost is in them.");
  online.Runs(command, [options](Session& session) {
    return RunBacktest(*options, session);
  });
}

}  // namespace lb::cli
