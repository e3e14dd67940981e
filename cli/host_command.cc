#include "cli/host_command.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/connection.h"
#include "cli/formatting.h"
#include "cli/output.h"
#include "cli/paging.h"
#include "cli/text_table.h"
#include "common/status.h"
#include "lb/v1/host_service.grpc.pb.h"

namespace lb::cli {
namespace {

using Align = TextTable::Align;

constexpr std::size_t kBarWidth = 20;
constexpr std::size_t kHeaviestBuckets = 5;

struct HostOptions {
  std::shared_ptr<const ConnectionOptions> connection;
  OutputForm form = OutputForm::kTable;
  std::string host;
};

std::string StateName(v1::HostState state) {
  return FormatEnum(v1::HostState_Name(state), "HOST_STATE_");
}

std::string ShortName(const v1::Host& host) {
  return FormatText(WithoutPrefix(host.name(), "hosts/"));
}

std::uint64_t PacketsPerSecond(const v1::Host& host) {
  std::uint64_t sum = 0;
  for (const v1::Processor& p : host.processors()) sum += p.packets_per_s();
  return sum;
}

std::uint64_t DroppedTotal(const v1::Drops& d) {
  return d.ring_full() + d.queue_full() + d.hold_full() + d.connection_limit() +
         d.pool() + d.takeover() + d.source();
}

std::uint64_t UnsentTotal(const v1::Unsent& u) {
  return u.output_full() + u.cut() + u.takeover() + u.sink();
}

void PrintHosts(const v1::ListHostsResponse& hosts,
                const CommandContext& context) {
  TextTable table({{"HOST"},
                   {"STATE"},
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
    table.AddRow({ShortName(host), StateName(host.state()),
                  absl::StrCat(host.layout().processors_size()),
                  FormatPercent(host.system_utilization()),
                  FormatRatio(host.imbalance()), FormatRatio(host.bound()),
                  FormatCount(PacketsPerSecond(host)),
                  FormatCount(host.plan_count()),
                  FormatCount(host.move_count()),
                  FormatAge(host.report_time(), context.clock),
                  FormatText(host.reason())});
  }
  table.Print(context.out);
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

std::string HashText(const v1::Layout& layout) {
  return absl::StrCat(
      FormatEnum(v1::HashKind_Name(layout.hash()), "HASH_KIND_"), ", key ",
      FormatText(layout.key_id()));
}

void PrintSummary(const v1::Host& host, const CommandContext& context) {
  const v1::Counters& counters = host.counters();
  PrintFields(
      context.out,
      {{"Host", ShortName(host)},
       {"State", StateName(host.state())},
       {"Reason", FormatText(host.reason())},
       {"Agent", FormatText(absl::StrCat("version ", host.software_version(),
                                         ", instance ", host.instance_id()))},
       {"Connected", FormatAge(host.connect_time(), context.clock)},
       {"Last report", FormatAge(host.report_time(), context.clock)},
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
       {"Utilization",
        absl::StrCat(FormatPercent(host.system_utilization()), ", imbalance ",
                     FormatRatio(host.imbalance()), ", bound ",
                     FormatRatio(host.bound()))},
       {"Packets", absl::StrCat(FormatCount(PacketsPerSecond(host)), "/s, ",
                                FormatCount(counters.served()), " served, ",
                                FormatCount(counters.queued()), " queued, ",
                                FormatCount(DroppedTotal(counters.dropped())),
                                " dropped, ", counters.lost(), " lost, ",
                                counters.reordered(), " reordered, ",
                                counters.duplicated(), " duplicated")},
       {"Output", absl::StrCat(FormatCount(counters.sent()), " sent, ",
                               FormatCount(UnsentTotal(counters.unsent())),
                               " could not be sent")},
       {"Plans", absl::StrCat(host.plan_count(), ", with ", host.move_count(),
                              " moves")}});
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
    const char* service = p.stalled()      ? "stalled"
                          : p.in_service() ? "in service"
                                           : "drained";
    table.AddRow({absl::StrCat(p.id()), absl::StrCat(p.cpu()),
                  FormatPercent(capacity), FormatPercent(p.utilization()),
                  FormatBar(p.utilization(), kBarWidth),
                  absl::StrCat(p.buckets()), FormatRatio(p.index()),
                  absl::StrCat(p.quota()), FormatCount(p.packets_per_s()),
                  FormatCount(p.backlog_packets()), service});
  }
  table.Print(out);
}

// The heaviest buckets first; those of equal load in bucket order.
std::vector<int> HeaviestBuckets(const v1::BucketLoads& buckets) {
  std::vector<int> order;
  const int count =
      std::min({buckets.bucket_size(), buckets.load_ns_per_s_size(),
                buckets.packets_size(), buckets.connections_size()});
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

absl::Status RunHostList(const HostOptions& options,
                         const CommandContext& context) {
  LB_ASSIGN_OR_RETURN(const Connection connection,
                      Connection::Open(*options.connection));
  const auto stub = v1::HostService::NewStub(connection.channel());
  v1::ListHostsResponse all;
  const auto take_page =
      [&](std::int32_t size,
          const std::string& token) -> absl::StatusOr<PageResult> {
    v1::ListHostsRequest request;
    request.set_page_size(size);
    request.set_page_token(token);
    v1::ListHostsResponse page;
    grpc::ClientContext call;
    connection.SetDeadline(call);
    LB_RETURN_IF_ERROR(
        connection.ToStatus(stub->ListHosts(&call, request, &page)));
    all.mutable_hosts()->MergeFrom(page.hosts());
    return PageResult{page.hosts_size(), page.next_page_token()};
  };
  LB_RETURN_IF_ERROR(ForEachPage(0, take_page));
  if (options.form == OutputForm::kJson) {
    return PrintJson(all, JsonLayout::kIndented, context.out);
  }
  PrintHosts(all, context);
  return absl::OkStatus();
}

absl::Status RunHostShow(const HostOptions& options,
                         const CommandContext& context) {
  v1::GetHostRequest request;
  LB_ASSIGN_OR_RETURN(*request.mutable_name(), HostResource(options.host));
  LB_ASSIGN_OR_RETURN(const Connection connection,
                      Connection::Open(*options.connection));
  const auto stub = v1::HostService::NewStub(connection.channel());
  v1::GetHostResponse response;
  grpc::ClientContext call;
  connection.SetDeadline(call);
  LB_RETURN_IF_ERROR(
      connection.ToStatus(stub->GetHost(&call, request, &response)));
  if (options.form == OutputForm::kJson) {
    return PrintJson(response.host(), JsonLayout::kIndented, context.out);
  }
  PrintSummary(response.host(), context);
  context.out << '\n';
  PrintProcessors(response.host(), context.out);
  if (response.host().buckets().bucket_size() > 0) {
    context.out << '\n';
    PrintBuckets(response.host(), context.out);
  }
  return absl::OkStatus();
}

CLI::App& HostGroup(CLI::App& app) {
  return CommandGroup(app, "host", "Hosts known to the controller");
}

}  // namespace

void AddHostListCommand(CLI::App& app, CommandContext& context,
                        std::shared_ptr<const ConnectionOptions> connection) {
  auto options = std::make_shared<HostOptions>();
  options->connection = std::move(connection);
  CLI::App* command = HostGroup(app).add_subcommand(
      "list", "List all hosts: state, utilization, imbalance, plans.");
  AddOutputFlag(*command, options->form);
  FollowConnectionFlags(*command);
  command->callback([options, &context] {
    context.selected = [options, &context] {
      return RunHostList(*options, context);
    };
  });
}

void AddHostShowCommand(CLI::App& app, CommandContext& context,
                        std::shared_ptr<const ConnectionOptions> connection) {
  auto options = std::make_shared<HostOptions>();
  options->connection = std::move(connection);
  CLI::App* command = HostGroup(app).add_subcommand(
      "show",
      "Show a host: its processors' utilizations, indexes and quotas, its "
      "counters and its heaviest buckets.");
  command->add_option("HOST", options->host, "Name of the host")
      ->type_name("")
      ->required();
  AddOutputFlag(*command, options->form);
  FollowConnectionFlags(*command);
  command->callback([options, &context] {
    context.selected = [options, &context] {
      return RunHostShow(*options, context);
    };
  });
}

}  // namespace lb::cli
