#include "cli/plan_command.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/connection.h"
#include "cli/formatting.h"
#include "cli/output.h"
#include "cli/paging.h"
#include "cli/text_table.h"
#include "common/status.h"
#include "lb/v1/plan_service.grpc.pb.h"

namespace lb::cli {
namespace {

using Align = TextTable::Align;

struct PlanOptions {
  std::shared_ptr<const ConnectionOptions> connection;
  OutputForm form = OutputForm::kTable;
  std::string host;  // of a list; empty: all
  std::int64_t limit = 50;
  std::string plan;
};

std::string StateName(v1::PlanState state) {
  return FormatEnum(v1::PlanState_Name(state), "PLAN_STATE_");
}

// "hosts/a/plans/7" as "a/7".
std::string ShortName(const v1::Plan& plan) {
  const std::string name = WithoutPrefix(plan.name(), "hosts/");
  const std::size_t middle = name.find("/plans/");
  if (middle == std::string::npos) return FormatText(name);
  return FormatText(name.substr(0, middle) + "/" + name.substr(middle + 7));
}

std::string Achieved(const v1::Plan& plan) {
  return plan.has_imbalance_achieved() ? FormatRatio(plan.imbalance_achieved())
                                       : "";
}

std::string Pause(std::uint64_t pause_ns) {
  return FormatDuration(
      std::chrono::nanoseconds(static_cast<std::int64_t>(pause_ns)));
}

// "a/7" or "hosts/a/plans/7", as the latter.
absl::StatusOr<std::string> PlanResource(const std::string& text) {
  const std::string name = WithoutPrefix(text, "hosts/");
  const std::size_t slash = name.find('/');
  const std::string host = name.substr(0, slash);
  std::string epoch = slash == std::string::npos ? "" : name.substr(slash + 1);
  if (name.size() != text.size()) epoch = WithoutPrefix(epoch, "plans/");
  std::uint64_t number = 0;
  if (host.empty() || host == "-" || !absl::SimpleAtoi(epoch, &number)) {
    return UsageError("plan \"" + text +
                      "\" is not a name; write HOST/EPOCH, see lbctl plan "
                      "list");
  }
  return absl::StrCat("hosts/", host, "/plans/", number);
}

void PrintPlans(const v1::ListPlansResponse& plans,
                const CommandContext& context) {
  TextTable table({{"PLAN"},
                   {"STATE"},
                   {"MADE"},
                   {"AUTHOR"},
                   {"MOVES", Align::kRight},
                   {"BEFORE", Align::kRight},
                   {"PREDICTED", Align::kRight},
                   {"ACHIEVED", Align::kRight},
                   {"LONGEST PAUSE", Align::kRight},
                   {"LOST", Align::kRight},
                   {"REASON"}});
  for (const v1::Plan& plan : plans.plans()) {
    const bool answered = plan.has_cost();
    table.AddRow({ShortName(plan), StateName(plan.state()),
                  FormatAge(plan.create_time(), context.clock),
                  FormatText(plan.author()), absl::StrCat(plan.move_count()),
                  FormatRatio(plan.imbalance_before()),
                  FormatRatio(plan.imbalance_predicted()), Achieved(plan),
                  answered ? Pause(plan.max_pause_ns()) : "",
                  answered ? absl::StrCat(plan.cost().lost()) : "",
                  FormatText(plan.rejection().empty() ? plan.reason()
                                                      : plan.rejection())});
  }
  table.Print(context.out);
}

std::string CostText(const v1::Plan& plan) {
  if (!plan.has_cost()) return "";
  const v1::Counters& cost = plan.cost();
  const v1::Drops& d = cost.dropped();
  const std::uint64_t dropped = d.ring_full() + d.queue_full() + d.hold_full() +
                                d.connection_limit() + d.pool() + d.takeover() +
                                d.source();
  return absl::StrCat("longest pause ", Pause(plan.max_pause_ns()), ", ",
                      cost.lost(), " lost, ", cost.reordered(), " reordered, ",
                      cost.duplicated(), " duplicated, ", dropped, " dropped");
}

std::string QuotaText(const v1::Plan& plan) {
  std::string text;
  for (int i = 0; i < plan.quotas_size() && i < plan.indexes_size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", FormatRatio(plan.indexes(i)),
                    " -> ", plan.quotas(i));
  }
  return text;
}

void PrintSummary(const v1::Plan& plan, const CommandContext& context) {
  PrintFields(
      context.out,
      {{"Plan", ShortName(plan)},
       {"State", StateName(plan.state())},
       {"Rejection", FormatText(plan.rejection())},
       {"Made", FormatAge(plan.create_time(), context.clock)},
       {"Answered", FormatAge(plan.result_time(), context.clock)},
       {"Author", FormatText(plan.author())},
       {"Reason", FormatText(plan.reason())},
       {"Planner", FormatText(absl::StrCat(plan.planner(), ", policy revision ",
                                           plan.policy_revision()))},
       {"Table",
        absl::StrCat(FormatHex(plan.base()), " -> ", FormatHex(plan.digest()),
                     ", term ", plan.term(), ", epoch ", plan.epoch())},
       {"Imbalance",
        absl::StrCat(FormatRatio(plan.imbalance_before()), " before, ",
                     FormatRatio(plan.imbalance_predicted()), " predicted, ",
                     plan.has_imbalance_achieved()
                         ? Achieved(plan) + " achieved"
                         : "not measured",
                     ", bound ", FormatRatio(plan.bound()))},
       {"Cost", CostText(plan)},
       {"Index -> quota", QuotaText(plan)}});
}

void PrintMoves(const v1::Plan& plan, std::ostream& out) {
  TextTable table({{"BUCKET", Align::kRight},
                   {"FROM", Align::kRight},
                   {"TO", Align::kRight},
                   {"LOAD IN CPUS", Align::kRight},
                   {"OUTCOME"},
                   {"PAUSE", Align::kRight},
                   {"REASON"}});
  for (const v1::PlannedMove& move : plan.moves()) {
    const bool answered = move.outcome() != v1::MOVE_OUTCOME_UNSPECIFIED;
    table.AddRow(
        {absl::StrCat(move.move().bucket()), absl::StrCat(move.move().from()),
         absl::StrCat(move.move().to()),
         FormatPercent(static_cast<double>(move.load_ns_per_s()) / 1e9),
         answered
             ? FormatEnum(v1::MoveOutcome_Name(move.outcome()), "MOVE_OUTCOME_")
             : "",
         answered ? Pause(move.pause_ns()) : "", FormatText(move.reason())});
  }
  table.Print(out);
}

absl::Status RunPlanList(const PlanOptions& options,
                         const CommandContext& context) {
  std::string parent = "hosts/-";
  if (!options.host.empty()) {
    LB_ASSIGN_OR_RETURN(parent, HostResource(options.host));
  }
  LB_ASSIGN_OR_RETURN(const Connection connection,
                      Connection::Open(*options.connection));
  const auto stub = v1::PlanService::NewStub(connection.channel());
  v1::ListPlansResponse all;
  const auto take_page =
      [&](std::int32_t size,
          const std::string& token) -> absl::StatusOr<PageResult> {
    v1::ListPlansRequest request;
    request.set_parent(parent);
    request.set_page_size(size);
    request.set_page_token(token);
    v1::ListPlansResponse page;
    grpc::ClientContext call;
    connection.SetDeadline(call);
    LB_RETURN_IF_ERROR(
        connection.ToStatus(stub->ListPlans(&call, request, &page)));
    all.mutable_plans()->MergeFrom(page.plans());
    all.set_next_page_token(page.next_page_token());
    return PageResult{page.plans_size(), page.next_page_token()};
  };
  LB_RETURN_IF_ERROR(ForEachPage(options.limit, take_page));
  if (options.form == OutputForm::kJson) {
    return PrintJson(all, JsonLayout::kIndented, context.out);
  }
  PrintPlans(all, context);
  return absl::OkStatus();
}

absl::Status RunPlanShow(const PlanOptions& options,
                         const CommandContext& context) {
  v1::GetPlanRequest request;
  LB_ASSIGN_OR_RETURN(*request.mutable_name(), PlanResource(options.plan));
  LB_ASSIGN_OR_RETURN(const Connection connection,
                      Connection::Open(*options.connection));
  const auto stub = v1::PlanService::NewStub(connection.channel());
  v1::GetPlanResponse response;
  grpc::ClientContext call;
  connection.SetDeadline(call);
  LB_RETURN_IF_ERROR(
      connection.ToStatus(stub->GetPlan(&call, request, &response)));
  if (options.form == OutputForm::kJson) {
    return PrintJson(response.plan(), JsonLayout::kIndented, context.out);
  }
  PrintSummary(response.plan(), context);
  context.out << '\n';
  PrintMoves(response.plan(), context.out);
  return absl::OkStatus();
}

CLI::App& PlanGroup(CLI::App& app) {
  return CommandGroup(app, "plan", "Plans: tables and their moves");
}

}  // namespace

void AddPlanListCommand(CLI::App& app, CommandContext& context,
                        std::shared_ptr<const ConnectionOptions> connection) {
  auto options = std::make_shared<PlanOptions>();
  options->connection = std::move(connection);
  CLI::App* command = PlanGroup(app).add_subcommand(
      "list", "List plans, newest first: what each brought and cost.");
  command->add_option("--host", options->host, "Of this host only")
      ->type_name("HOST");
  command->add_option("--limit", options->limit, "So many at most; 0 for all")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000'000))
      ->capture_default_str();
  AddOutputFlag(*command, options->form);
  FollowConnectionFlags(*command);
  command->callback([options, &context] {
    context.selected = [options, &context] {
      return RunPlanList(*options, context);
    };
  });
}

void AddPlanShowCommand(CLI::App& app, CommandContext& context,
                        std::shared_ptr<const ConnectionOptions> connection) {
  auto options = std::make_shared<PlanOptions>();
  options->connection = std::move(connection);
  CLI::App* command = PlanGroup(app).add_subcommand(
      "show", "Show a plan: why it was made, every move, what came of it.");
  command->add_option("PLAN", options->plan, "HOST/EPOCH")
      ->type_name("")
      ->required();
  AddOutputFlag(*command, options->form);
  FollowConnectionFlags(*command);
  command->callback([options, &context] {
    context.selected = [options, &context] {
      return RunPlanShow(*options, context);
    };
  });
}

}  // namespace lb::cli
