#include "cli/load_command.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/formatting.h"
#include "cli/proto_json.h"
#include "cli/resource_name.h"
#include "cli/text_table.h"
#include "cli/time_text.h"
#include "lb/v1/load_service.pb.h"

namespace lb::cli {
namespace {

using Align = TextTable::Align;

struct LoadListOptions {
  std::string host;
  std::optional<WallTime> from;
  std::optional<WallTime> to;
  std::string resolution = "report";
  std::uint64_t limit = 50;
};

v1::Resolution ResolutionOf(const std::string& word) {
  if (word == "minute") return v1::RESOLUTION_MINUTE;
  return word == "hour" ? v1::RESOLUTION_HOUR : v1::RESOLUTION_REPORT;
}

// Part of the processor's capacity that was used.
double UtilizationOf(const v1::ProcessorLoad& p, std::uint64_t interval_ns) {
  const double capacity_ns = static_cast<double>(interval_ns) *
                             static_cast<double>(p.capacity_permille()) / 1'000;
  return capacity_ns > 0 ? static_cast<double>(p.busy_ns()) / capacity_ns : 0;
}

// "60.1% 27.3% -": of every processor; "-" of one that is out of service. Of a
// minute or an hour with the highest of a report: "60.1%<83.0% -".
std::string UtilizationsText(const v1::Load& load) {
  std::string text;
  for (int i = 0; i < load.processors_size(); ++i) {
    const v1::ProcessorLoad& p = load.processors(i);
    if (i > 0) text.push_back(' ');
    if (!p.in_service()) {
      text.push_back('-');
      continue;
    }
    text += FormatPercent(UtilizationOf(p, load.interval_ns()));
    if (i < load.max_utilization_permille_size()) {
      absl::StrAppend(&text, "<",
                      FormatPercent(load.max_utilization_permille(i) / 1e3));
    }
  }
  return text;
}

std::uint64_t PacketsOf(const v1::Load& load) {
  std::uint64_t packets = 0;
  for (const v1::ProcessorLoad& p : load.processors()) packets += p.packets();
  return packets;
}

void PrintLoads(const v1::ListLoadsResponse& loads, std::ostream& out) {
  TextTable table({{"TIME"},
                   {"INTERVAL", Align::kRight},
                   {"EPOCH", Align::kRight},
                   {"PACKETS", Align::kRight},
                   {"UTILIZATION OF EACH PROCESSOR"}});
  for (const v1::Load& load : loads.loads()) {
    table.AddRow({FormatTime(load.time()),
                  FormatDuration(std::chrono::nanoseconds(
                      static_cast<std::int64_t>(load.interval_ns()))),
                  absl::StrCat(load.epoch()), FormatCount(PacketsOf(load)),
                  UtilizationsText(load)});
  }
  table.Print(out);
}

void PrintRollUps(const v1::ListLoadsResponse& loads, std::ostream& out) {
  TextTable table({{"TIME"},
                   {"MEASURED", Align::kRight},
                   {"REPORTS", Align::kRight},
                   {"PACKETS", Align::kRight},
                   {"MEAN<HIGHEST UTILIZATION OF EACH PROCESSOR"}});
  for (const v1::Load& load : loads.loads()) {
    table.AddRow({FormatTime(load.time()),
                  FormatDuration(std::chrono::nanoseconds(
                      static_cast<std::int64_t>(load.interval_ns()))),
                  FormatCount(load.reports()), FormatCount(PacketsOf(load)),
                  UtilizationsText(load)});
  }
  table.Print(out);
}

absl::Status RunLoadList(const LoadListOptions& options, Session& session) {
  LB_RETURN_IF_ERROR(CheckPeriod(options.from, options.to));
  v1::ListLoadsRequest request;
  request.set_parent(options.host);
  if (options.from) *request.mutable_start_time() = ToTimestamp(*options.from);
  if (options.to) *request.mutable_end_time() = ToTimestamp(*options.to);
  request.set_resolution(ResolutionOf(options.resolution));
  LB_ASSIGN_OR_RETURN(const auto loads,
                      session.List<v1::ListLoadsResponse>(
                          request, static_cast<std::int64_t>(options.limit)));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(loads, JsonLayout::kIndented, session.out());
  }
  if (request.resolution() == v1::RESOLUTION_REPORT) {
    PrintLoads(loads, session.out());
  } else {
    PrintRollUps(loads, session.out());
  }
  return absl::OkStatus();
}

absl::Status RunLoadWatch(const std::string& parent, Session& session) {
  v1::WatchLoadsRequest request;
  request.set_parent(parent);
  return session.Watch<v1::WatchLoadsResponse>(
      request, [&](const v1::WatchLoadsResponse& response) {
        const v1::Load& load = response.load();
        if (session.form() == OutputForm::kJson) {
          return PrintJson(load, JsonLayout::kOneLine, session.out());
        }
        session.out() << absl::StrFormat(
            "%s  %-16s  packets %6s  %s\n", FormatTime(load.time()),
            ShortName(load.host()), FormatCount(PacketsOf(load)),
            UtilizationsText(load));
        return absl::OkStatus();
      });
}

void AddLoadList(Command loads, const Online& online) {
  auto options = std::make_shared<LoadListOptions>();
  Command command =
      loads.Add("list",
                "List stored measurements of a host, a row for each report, "
                "minute or hour, oldest first. Minutes and hours are kept for "
                "longer.");
  command.Takes("HOST", HostName(options->host), "Name of the host");
  command.Option("--from", Time(options->from, online.clock()),
                 "From this time, such as 2026-11-22T12:40:59Z or -10m; "
                 "without it: the first one kept");
  command.Option("--to", Time(options->to, online.clock()),
                 "Before this time; without it: up to now");
  command.Option("--resolution",
                 Word(options->resolution, {"report", "minute", "hour"}),
                 "What a row is of: a report, or all of a minute or an hour "
                 "(UTC) that began in this time");
  command.Option("--limit", Whole(options->limit, "N", 0, 1'000'000'000),
                 "So many at most, from the oldest; 0 for all");
  online.Runs(command, [options](Session& session) {
    return RunLoadList(*options, session);
  });
}

void AddLoadWatch(Command loads, const Online& online) {
  auto parent = std::make_shared<std::string>(kAllHosts);
  Command command = loads.Add(
      "watch",
      "Print measurements as they arrive, until ended. What is too much for "
      "the connection is left out.");
  command.Option("--host", HostName(*parent), "Of this host only");
  online.Runs(command, [parent](Session& session) {
    return RunLoadWatch(*parent, session);
  });
}

}  // namespace

void AddLoadCommands(const Online& online) {
  const Command loads = online.root().Group("load", "What was measured");
  AddLoadList(loads, online);
  AddLoadWatch(loads, online);
}

}  // namespace lb::cli
