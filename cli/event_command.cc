#include "cli/event_command.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/connection.h"
#include "cli/formatting.h"
#include "cli/output.h"
#include "cli/paging.h"
#include "common/status.h"
#include "lb/v1/event_service.grpc.pb.h"

namespace lb::cli {
namespace {

struct EventOptions {
  std::shared_ptr<const ConnectionOptions> connection;
  OutputForm form = OutputForm::kTable;
  std::string host;  // empty: all
  std::int64_t limit = 20;
  std::uint64_t after = 0;
  bool follow = false;
};

// One call of `lbctl event tail`.
class EventTail {
 public:
  EventTail(const EventOptions& options, std::string parent,
            const Connection& connection, const CommandContext& context)
      : options_(options),
        parent_(std::move(parent)),
        connection_(connection),
        context_(context),
        stub_(v1::EventService::NewStub(connection.channel())),
        last_(options.after) {}

  absl::Status Run() {
    // What is committed from here on is either listed or watched, also where
    // the list turns out empty.
    std::uint64_t base = options_.after;
    if (options_.follow && base == 0) {
      LB_ASSIGN_OR_RETURN(base, NewestRevision());
    }
    LB_ASSIGN_OR_RETURN(std::vector<v1::Event> events, List());
    for (auto e = events.rbegin(); e != events.rend(); ++e) {
      LB_RETURN_IF_ERROR(Print(*e));
    }
    last_ = std::max(last_, base);
    return options_.follow ? Follow() : absl::OkStatus();
  }

 private:
  absl::StatusOr<v1::ListEventsResponse> Page(const std::string& parent,
                                              std::int32_t size,
                                              const std::string& token) {
    v1::ListEventsRequest request;
    request.set_parent(parent);
    request.set_page_size(size);
    request.set_page_token(token);
    v1::ListEventsResponse page;
    grpc::ClientContext call;
    connection_.SetDeadline(call);
    LB_RETURN_IF_ERROR(
        connection_.ToStatus(stub_->ListEvents(&call, request, &page)));
    return page;
  }

  absl::StatusOr<std::uint64_t> NewestRevision() {
    LB_ASSIGN_OR_RETURN(const v1::ListEventsResponse page,
                        Page("hosts/-", 1, ""));
    return page.events_size() == 0 ? 0 : page.events(0).revision();
  }

  // The newest first, those after --after only.
  absl::StatusOr<std::vector<v1::Event>> List() {
    std::vector<v1::Event> events;
    const auto take_page =
        [&](std::int32_t size,
            const std::string& token) -> absl::StatusOr<PageResult> {
      LB_ASSIGN_OR_RETURN(const v1::ListEventsResponse page,
                          Page(parent_, size, token));
      for (const v1::Event& event : page.events()) {
        if (event.revision() <= options_.after) return PageResult{};
        events.push_back(event);
      }
      return PageResult{page.events_size(), page.next_page_token()};
    };
    LB_RETURN_IF_ERROR(ForEachPage(options_.limit, take_page));
    return events;
  }

  absl::Status Follow() {
    v1::WatchEventsRequest request;
    request.set_parent(parent_);
    request.set_after_revision(last_);
    grpc::ClientContext call;
    const auto reader = stub_->WatchEvents(&call, request);
    v1::WatchEventsResponse response;
    while (reader->Read(&response)) {
      if (!response.has_event()) continue;
      LB_RETURN_IF_ERROR(Print(response.event()));
      if (!context_.out) {
        call.TryCancel();
        return absl::DataLossError("cannot write to standard output");
      }
    }
    const grpc::Status status = reader->Finish();
    return absl::UnavailableError(
        absl::StrCat("the controller ended the stream (",
                     status.ok() ? "no reason given" : status.error_message(),
                     "); go on with --follow --after ", last_));
  }

  absl::Status Print(const v1::Event& event) {
    last_ = std::max(last_, event.revision());
    if (options_.form == OutputForm::kJson) {
      LB_RETURN_IF_ERROR(PrintJson(event, JsonLayout::kOneLine, context_.out));
    } else {
      context_.out << absl::StrFormat(
          "%s  %6d  %-16s  %-18s  %s\n",
          FormatWallTime(ToWallTime(event.time())), event.revision(),
          event.host().empty() ? "-" : FormatText(event.host()),
          FormatText(event.kind()), FormatText(event.message()));
    }
    context_.out.flush();
    return absl::OkStatus();
  }

  const EventOptions& options_;
  const std::string parent_;
  const Connection& connection_;
  const CommandContext& context_;
  const std::unique_ptr<v1::EventService::Stub> stub_;
  std::uint64_t last_;  // revision printed last, or where to go on
};

absl::Status RunEventTail(const EventOptions& options,
                          const CommandContext& context) {
  std::string parent = "hosts/-";
  if (!options.host.empty()) {
    LB_ASSIGN_OR_RETURN(parent, HostResource(options.host));
  }
  LB_ASSIGN_OR_RETURN(const Connection connection,
                      Connection::Open(*options.connection));
  return EventTail(options, std::move(parent), connection, context).Run();
}

}  // namespace

void AddEventTailCommand(CLI::App& app, CommandContext& context,
                         std::shared_ptr<const ConnectionOptions> connection) {
  auto options = std::make_shared<EventOptions>();
  options->connection = std::move(connection);
  CLI::App* command =
      CommandGroup(app, "event", "What happened, as it was committed")
          .add_subcommand("tail",
                          "Print the newest events, oldest first: time, "
                          "revision, host, kind, message.");
  command->add_option("--host", options->host, "Of this host only")
      ->type_name("HOST");
  command->add_flag("-f,--follow", options->follow,
                    "Then print events as they are committed, until ended");
  command
      ->add_option("--limit", options->limit,
                   "So many of the past at most; 0 for all")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000'000))
      ->capture_default_str();
  command
      ->add_option("--after", options->after, "Only events after this revision")
      ->type_name("REVISION");
  AddOutputFlag(*command, options->form);
  FollowConnectionFlags(*command);
  command->callback([options, &context] {
    context.selected = [options, &context] {
      return RunEventTail(*options, context);
    };
  });
}

}  // namespace lb::cli
