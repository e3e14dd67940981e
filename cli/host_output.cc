#include "cli/host_output.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/formatting.h"
#include "cli/resource_name.h"
#include "cli/text_table.h"
#include "cli/time_text.h"
#include "common/format_number.h"

namespace lb::cli {
namespace {

using Align = TextTable::Align;

constexpr std::size_t kBarWidth = 20;
constexpr std::size_t kHeaviestBuckets = 5;
constexpr int kPinsShown = 10;

std::string StateName(v1::HostState state) {
  return FormatEnum(v1::HostState_Name(state), "HOST_STATE_");
}

// "paused" where the policy alone would have more done.
std::string ModeName(const v1::Host& host) {
  if (host.mode() == v1::MODE_UNSPECIFIED) return "";
  if (host.mode() == v1::MODE_OFF && host.policy().mode() != v1::MODE_OFF) {
    return "paused";
  }
  return FormatEnum(v1::Mode_Name(host.mode()), "MODE_");
}

// What the last report says; "-" before there was one.
struct Measured {
  explicit Measured(const v1::Host& host) {
    if (!host.has_report_time()) return;
    std::uint64_t sum = 0;
    for (const v1::Processor& p : host.processors()) sum += p.packets_per_s();
    utilization = FormatPercent(host.system_utilization());
    imbalance = FormatRatio(host.imbalance());
    bound = FormatRatio(host.bound());
    packets_per_s = FormatCount(sum);
  }

  std::string utilization = "-";
  std::string imbalance = "-";
  std::string bound = "-";
  std::string packets_per_s = "-";
};

std::uint64_t DroppedTotal(const v1::Drops& d) {
  return d.ring_full() + d.queue_full() + d.hold_full() + d.connection_limit() +
         d.pool() + d.takeover() + d.source();
}

std::uint64_t UnsentTotal(const v1::Unsent& u) {
  return u.output_full() + u.cut() + u.takeover() + u.sink();
}

std::string LabelText(const v1::Host& host) {
  std::vector<std::string> labels;
  for (const auto& [key, value] : host.labels()) {
    labels.push_back(FormatText(absl::StrCat(key, "=", value)));
  }
  std::sort(labels.begin(), labels.end());
  std::string text;
  for (const std::string& label : labels) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", label);
  }
  return text;
}

std::string PinText(const v1::Host& host) {
  std::string text;
  for (int i = 0; i < host.pins_size() && i < kPinsShown; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", host.pins(i).bucket(), " to ",
                    host.pins(i).processor());
  }
  if (host.pins_size() > kPinsShown) {
    absl::StrAppend(&text, " and ", host.pins_size() - kPinsShown, " more");
  }
  return text;
}

std::string HashText(const v1::Layout& layout) {
  return absl::StrCat(
      FormatEnum(v1::HashKind_Name(layout.hash()), "HASH_KIND_"), ", key ",
      FormatText(layout.key_id()));
}

void PrintSummary(const v1::Host& host, const Clock& clock, std::ostream& out) {
  const v1::Counters& counters = host.counters();
  const Measured measured(host);
  PrintFields(
      out,
      {{"Host", ShortName(host.name())},
       {"State", StateName(host.state())},
       {"Reason", FormatText(host.reason())},
       {"Mode", ModeName(host)},
       {"Paused", FormatText(host.paused())},
       {"Agent", FormatText(absl::StrCat("version ", host.software_version(),
                                         ", instance ", host.instance_id()))},
       {"Connected", FormatAge(host.connect_time(), clock)},
       {"Last report", FormatAge(host.report_time(), clock)},
       {"Labels", LabelText(host)},
       {"Hash", HashText(host.layout())},
       {"Table", absl::StrCat(host.layout().buckets(), " buckets, digest ",
                              FormatHex(host.digest()), ", term ", host.term(),
                              ", epoch ", host.epoch())},
       {"Policy",
        absl::StrCat(FormatEnum(v1::Mode_Name(host.policy().mode()), "MODE_"),
                     ", ",
                     FormatEnum(v1::PlannerKind_Name(host.policy().planner()),
                                "PLANNER_KIND_"),
                     " planner, revision ", host.policy().revision())},
       {"Pinned buckets", PinText(host)},
       {"Utilization",
        absl::StrCat(measured.utilization, ", imbalance ", measured.imbalance,
                     ", bound ", measured.bound)},
       {"Packets", absl::StrCat(measured.packets_per_s, "/s, ",
                                FormatCount(counters.served()), " served, ",
                                FormatCount(counters.queued()), " queued, ",
                                FormatCount(DroppedTotal(counters.dropped())),
                                " dropped, ", counters.lost(), " lost, ",
                                counters.reordered(), " reordered, ",
                                counters.duplicated(), " duplicated")},
       {"Output", absl::StrCat(FormatCount(counters.sent()), " sent, ",
                               FormatCount(UnsentTotal(counters.unsent())),
                               " could not be sent")},
       {"Plans", absl::StrCat(host.plan_count(), ", with ",
                              FormatNumber(host.move_count(), "move"))}});
}

std::string ServiceText(const v1::Processor& p) {
  if (p.stalled()) return "stalled";
  if (p.drained()) return p.buckets() == 0 ? "drained" : "draining";
  return p.in_service() ? "in service" : "out of service";
}

void PrintProcessors(const v1::Host& host, std::ostream& out) {
  TextTable table({{"PROCESSOR", Align::kRight},
                   {"CPU", Align::kRight},
                   {"CAPACITY", Align::kRight},
                   {"UTILIZATION", Align::kRight},
                   {""},
                   {"BUCKETS", Align::kRight},
                   {"INDEX", Align::kRight},
                   {"QUOTA", Align::kRight},
                   {"PACKETS/S", Align::kRight},
                   {"BACKLOG", Align::kRight},
                   {"SERVICE"}});
  for (const v1::Processor& p : host.processors()) {
    const double capacity = static_cast<double>(p.capacity_permille()) / 1'000;
    table.AddRow({absl::StrCat(p.id()), absl::StrCat(p.cpu()),
                  FormatPercent(capacity), FormatPercent(p.utilization()),
                  FormatBar(p.utilization(), kBarWidth),
                  absl::StrCat(p.buckets()), FormatRatio(p.index()),
                  absl::StrCat(p.quota()), FormatCount(p.packets_per_s()),
                  FormatCount(p.backlog_packets()), ServiceText(p)});
  }
  table.Print(out);
}

// The heaviest buckets first; those of equal load in bucket order.
std::vector<int> HeaviestBuckets(const v1::BucketLoads& buckets) {
  std::vector<int> order;
  const int count =
      std::min({buckets.bucket_size(), buckets.load_ns_per_s_size(),
                buckets.connections_size()});
  order.resize(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return buckets.load_ns_per_s(a) > buckets.load_ns_per_s(b);
  });
  order.resize(std::min(order.size(), kHeaviestBuckets));
  return order;
}

void PrintBuckets(const v1::Host& host, std::ostream& out) {
  const v1::BucketLoads& buckets = host.buckets();
  TextTable table({{"HEAVIEST BUCKETS", Align::kRight},
                   {"PROCESSOR", Align::kRight},
                   {"LOAD IN CPUS", Align::kRight},
                   {"CONNECTIONS", Align::kRight}});
  for (const int i : HeaviestBuckets(buckets)) {
    const std::uint32_t bucket = buckets.bucket(i);
    const bool owned =
        bucket < static_cast<std::uint32_t>(host.table().owner_size());
    table.AddRow(
        {absl::StrCat(bucket),
         owned ? absl::StrCat(host.table().owner(static_cast<int>(bucket)))
               : "",
         FormatPercent(static_cast<double>(buckets.load_ns_per_s(i)) / 1e9),
         FormatCount(buckets.connections(i))});
  }
  table.Print(out);
}

}  // namespace

void PrintHosts(const v1::ListHostsResponse& hosts, const Clock& clock,
                std::ostream& out) {
  TextTable table({{"HOST"},
                   {"STATE"},
                   {"MODE"},
                   {"PROCESSORS", Align::kRight},
                   {"UTILIZATION", Align::kRight},
                   {"IMBALANCE", Align::kRight},
                   {"BOUND", Align::kRight},
                   {"PACKETS/S", Align::kRight},
                   {"PLANS", Align::kRight},
                   {"MOVES", Align::kRight},
                   {"REPORT"},
                   {"REASON"}});
  for (const v1::Host& host : hosts.hosts()) {
    const Measured measured(host);
    table.AddRow(
        {ShortName(host.name()), StateName(host.state()), ModeName(host),
         absl::StrCat(host.layout().processors_size()), measured.utilization,
         measured.imbalance, measured.bound, measured.packets_per_s,
         FormatCount(host.plan_count()), FormatCount(host.move_count()),
         FormatAge(host.report_time(), clock), FormatText(host.reason())});
  }
  table.Print(out);
}

void PrintHost(const v1::Host& host, const Clock& clock, std::ostream& out) {
  PrintSummary(host, clock, out);
  out << '\n';
  PrintProcessors(host, out);
  if (host.buckets().bucket_size() > 0) {
    out << '\n';
    PrintBuckets(host, out);
  }
}

void PrintHostLine(const v1::Host& host, WallTime now, std::ostream& out) {
  const Measured measured(host);
  out << absl::StrFormat(
      "%s  %-16s  %-12s  %-6s  utilization %6s  imbalance %5s  epoch %d  %s\n",
      FormatWallTime(now), ShortName(host.name()), StateName(host.state()),
      ModeName(host), measured.utilization, measured.imbalance, host.epoch(),
      FormatText(host.reason()));
}

void AddPutOff(const v1::Host& host, Fields& fields) {
  if (host.state() == v1::HOST_STATE_DISCONNECTED) {
    fields.emplace_back("Moves",
                        "none while the host is disconnected; they are made "
                        "when it is back");
  } else if (host.state() == v1::HOST_STATE_FROZEN) {
    fields.emplace_back("Moves", absl::StrCat("may wait: the host is frozen (",
                                              FormatText(host.reason()), ")"));
  }
}

}  // namespace lb::cli
