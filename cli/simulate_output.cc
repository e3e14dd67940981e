#include "cli/simulate_output.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/formatting.h"
#include "cli/text_table.h"
#include "common/format_number.h"
#include "nlohmann/json.hpp"

namespace lb::cli {
namespace {

using nlohmann::ordered_json;
using sim::Figures;

constexpr std::size_t kTimeRows = 20;

struct Row {
  std::string planner;
  Figures median;
};

std::vector<Row> Medians(const sim::Scenario& scenario,
                         const std::vector<PlannerRuns>& planners) {
  std::vector<Row> rows;
  for (const PlannerRuns& planner : planners) {
    std::vector<Figures> figures;
    for (const sim::RunResult& run : planner.runs) {
      figures.push_back(sim::FiguresOf(run, scenario.ignored.count()));
    }
    rows.push_back({planner.planner, sim::Median(figures)});
  }
  return rows;
}

std::string Milliseconds(double ms) { return absl::StrFormat("%.3f", ms); }
std::string Number(double number) { return absl::StrFormat("%.6g", number); }

// "1" where both are nothing; "-" where only the other is.
std::string Ratio(double value, double other) {
  if (other == 0) return value == 0 ? "1.000" : "";
  return absl::StrFormat("%.3f", value / other);
}

void PrintHead(const sim::Scenario& s, std::size_t seeds, std::uint64_t first,
               std::ostream& out) {
  out << absl::StrFormat(
      "%s: %d x %s, %s, mean load %.1f%%, queue %s, %d s of "
      "which the first %d s are ignored\n",
      s.name, s.hosts, FormatNumber(s.processors, "processor"),
      FormatNumber(s.buckets, "bucket"), s.load_permille / 10.0,
      std::string(sim::QueueName(s.queue)), s.duration.count() / 1'000,
      s.ignored.count() / 1'000);
  out << (seeds == 1 ? absl::StrFormat("Seed %d\n\n", first)
                     : absl::StrFormat("Medians of %d seeds from %d\n\n", seeds,
                                       first));
}

void PrintFigures(const std::vector<Row>& rows, std::ostream& out) {
  using Align = TextTable::Align;
  std::vector<TextTable::Column> columns = {{"PLANNER"}};
  for (const char* title :
       {"P50 MS", "P95 MS", "P99 MS", "DROPPED", "DROPS", "IMBALANCE",
        "HIGHEST", "PLANS", "ACTS", "MOVES", "CONNECTIONS", "RETURNS"}) {
    columns.push_back({title, Align::kRight});
  }
  TextTable table(columns);
  for (const auto& [planner, f] : rows) {
    table.AddRow({planner, Milliseconds(f.p50_ms), Milliseconds(f.p95_ms),
                  Milliseconds(f.p99_ms),
                  absl::StrFormat("%.4f%%", 100 * f.drop_part), Number(f.drops),
                  absl::StrFormat("%.3f", f.imbalance),
                  absl::StrFormat("%.3f", f.highest_imbalance), Number(f.plans),
                  FormatPercent(f.act_part), Number(f.moves),
                  Number(f.moved_connections), Number(f.returns)});
  }
  table.Print(out);
}

void PrintRatios(const std::vector<Row>& rows, const char* baseline,
                 std::ostream& out) {
  const auto base = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
    return row.planner == baseline;
  });
  if (base == rows.end() || rows.size() < 2) return;
  using Align = TextTable::Align;
  TextTable table({{absl::StrCat("OVER ", baseline)},
                   {"P50", Align::kRight},
                   {"P95", Align::kRight},
                   {"P99", Align::kRight},
                   {"DROPS", Align::kRight},
                   {"MOVES", Align::kRight}});
  for (const auto& [planner, f] : rows) {
    if (planner == baseline) continue;
    const Figures& b = base->median;
    table.AddRow({planner, Ratio(f.p50_ms, b.p50_ms), Ratio(f.p95_ms, b.p95_ms),
                  Ratio(f.p99_ms, b.p99_ms), Ratio(f.drops, b.drops),
                  Ratio(f.moves, b.moves)});
  }
  out << '\n';
  table.Print(out);
}

// Of the first run's first host, in steps.
void PrintTimes(const std::vector<PlannerRuns>& planners, std::ostream& out) {
  using Align = TextTable::Align;
  const std::size_t seconds = planners[0].runs[0].seconds[0].size();
  const std::size_t step = (seconds + kTimeRows - 1) / kTimeRows;
  std::vector<TextTable::Column> columns = {{"IMBALANCE"}};
  for (const PlannerRuns& planner : planners) {
    columns.push_back({planner.planner, Align::kRight});
  }
  TextTable table(columns);
  for (std::size_t start = 0; start < seconds; start += step) {
    const std::size_t end = std::min(start + step, seconds);
    std::vector<std::string> cells = {absl::StrFormat("%d..%d s", start, end)};
    for (const PlannerRuns& planner : planners) {
      double sum = 0;
      for (std::size_t s = start; s < end; ++s) {
        sum += planner.runs[0].seconds[0][s].imbalance;
      }
      cells.push_back(
          absl::StrFormat("%.3f", sum / static_cast<double>(end - start)));
    }
    table.AddRow(cells);
  }
  out << '\n';
  table.Print(out);
}

ordered_json ToJson(const Figures& f) {
  return {{"mean_ms", f.mean_ms},
          {"p50_ms", f.p50_ms},
          {"p95_ms", f.p95_ms},
          {"p99_ms", f.p99_ms},
          {"drop_part", f.drop_part},
          {"drops", f.drops},
          {"imbalance", f.imbalance},
          {"highest_imbalance", f.highest_imbalance},
          {"plans", f.plans},
          {"act_part", f.act_part},
          {"moves", f.moves},
          {"moves_not_ignored", f.moves_not_ignored},
          {"moved_connections", f.moved_connections},
          {"returns", f.returns},
          {"heaviest_moves", f.heaviest_moves}};
}

ordered_json SecondsToJson(const std::vector<sim::SecondResult>& seconds) {
  ordered_json json = {{"imbalance", ordered_json::array()},
                       {"utilization", ordered_json::array()},
                       {"dropped", ordered_json::array()},
                       {"moves", ordered_json::array()}};
  for (const sim::SecondResult& second : seconds) {
    json["imbalance"].push_back(second.imbalance);
    json["utilization"].push_back(second.utilization);
    json["dropped"].push_back(second.dropped);
    json["moves"].push_back(second.moves);
  }
  return json;
}

ordered_json RunToJson(const sim::Scenario& scenario,
                       const sim::RunResult& run) {
  ordered_json json = ToJson(sim::FiguresOf(run, scenario.ignored.count()));
  json["seed"] = run.seed;
  json["reports"] = run.reports;
  json["packets"] = {{"arrived", run.packets.arrived},
                     {"served", run.packets.served},
                     {"dropped", run.packets.dropped_total()},
                     {"queued", run.queued}};
  json["all_plans"] = ordered_json::array();
  for (const sim::PlanResult& plan : run.plans) {
    json["all_plans"].push_back(
        {{"host", plan.host},
         {"time_ms", plan.time_ms},
         {"moves", plan.moves},
         {"imbalance_before", plan.imbalance_before},
         {"imbalance_predicted", plan.imbalance_predicted}});
  }
  json["hosts"] = ordered_json::array();
  for (const auto& seconds : run.seconds) {
    json["hosts"].push_back({{"seconds", SecondsToJson(seconds)}});
  }
  return json;
}

}  // namespace

void PrintSimulationTable(const sim::Scenario& scenario,
                          const std::vector<PlannerRuns>& planners,
                          std::ostream& out) {
  const std::vector<Row> rows = Medians(scenario, planners);
  PrintHead(scenario, planners[0].runs.size(), planners[0].runs[0].seed, out);
  PrintFigures(rows, out);
  PrintRatios(rows, "static", out);
  PrintRatios(rows, "rsspp", out);
  PrintTimes(planners, out);
}

void PrintSimulationJson(const sim::Scenario& scenario,
                         const std::vector<PlannerRuns>& planners,
                         std::ostream& out) {
  ordered_json json = {{"scenario", scenario.name},
                       {"queue", std::string(sim::QueueName(scenario.queue))},
                       {"ignored_ms", scenario.ignored.count()},
                       {"planners", ordered_json::array()}};
  const std::vector<Row> rows = Medians(scenario, planners);
  for (std::size_t i = 0; i < planners.size(); ++i) {
    ordered_json runs = ordered_json::array();
    for (const sim::RunResult& run : planners[i].runs) {
      runs.push_back(RunToJson(scenario, run));
    }
    json["planners"].push_back({{"planner", planners[i].planner},
                                {"median", ToJson(rows[i].median)},
                                {"runs", std::move(runs)}});
  }
  out << json.dump() << '\n';
}

}  // namespace lb::cli
