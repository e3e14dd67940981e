#include "cli/event_command.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/errors.h"
#include "cli/formatting.h"
#include "cli/proto_json.h"
#include "cli/resource_name.h"
#include "cli/time_text.h"
#include "lb/v1/event_service.pb.h"

namespace lb::cli {
namespace {

struct TailOptions {
  std::string parent = kAllHosts;
  std::uint64_t limit = 20;
  std::uint64_t after = 0;
  bool follow = false;
};

// One run of `lbctl event tail`.
class EventTail {
 public:
  EventTail(const TailOptions& options, Session& session)
      : options_(options), session_(session), last_(options.after) {}

  absl::Status Run() {
    // What is committed from here on is either listed or watched, also where
    // the list turns out empty.
    std::uint64_t base = options_.after;
    if (options_.follow && base == 0) {
      LB_ASSIGN_OR_RETURN(base, NewestRevision());
    }
    LB_RETURN_IF_ERROR(PrintPast());
    last_ = std::max(last_, base);
    return options_.follow ? Follow() : absl::OkStatus();
  }

 private:
  // The newest first; no page behind the one with --after in it.
  absl::StatusOr<v1::ListEventsResponse> List(const std::string& parent,
                                              std::uint64_t limit) {
    v1::ListEventsRequest request;
    request.set_parent(parent);
    return session_.ListWhile<v1::ListEventsResponse>(
        request, static_cast<std::int64_t>(limit),
        [&](const v1::ListEventsResponse& page) {
          return page.events_size() == 0 ||
                 page.events(page.events_size() - 1).revision() >
                     options_.after;
        });
  }

  absl::StatusOr<std::uint64_t> NewestRevision() {
    LB_ASSIGN_OR_RETURN(const v1::ListEventsResponse page, List(kAllHosts, 1));
    return page.events_size() == 0 ? 0 : page.events(0).revision();
  }

  absl::Status PrintPast() {
    LB_ASSIGN_OR_RETURN(const v1::ListEventsResponse past,
                        List(options_.parent, options_.limit));
    for (int i = past.events_size() - 1; i >= 0; --i) {
      if (past.events(i).revision() <= options_.after) continue;
      LB_RETURN_IF_ERROR(Print(past.events(i)));
    }
    return absl::OkStatus();
  }

  absl::Status Follow() {
    session_.out().flush();
    v1::WatchEventsRequest request;
    request.set_parent(options_.parent);
    request.set_after_revision(last_);
    absl::Status ended = session_.Watch<v1::WatchEventsResponse>(
        request, [&](const v1::WatchEventsResponse& response) {
          if (response.has_event()) return Print(response.event());
          last_ = std::max(last_, response.synced_revision());
          return absl::OkStatus();
        });
    if (ended.code() != absl::StatusCode::kUnavailable) return ended;
    return WithMessage(
        ended,
        absl::StrCat(ended.message(), "; go on with --follow --after ", last_));
  }

  absl::Status Print(const v1::Event& event) {
    last_ = std::max(last_, event.revision());
    if (session_.form() == OutputForm::kJson) {
      return PrintJson(event, JsonLayout::kOneLine, session_.out());
    }
    session_.out() << absl::StrFormat(
        "%s  %6d  %-16s  %-22s  %s\n", FormatTime(event.time()),
        event.revision(), event.host().empty() ? "-" : FormatText(event.host()),
        FormatText(event.kind()), FormatText(event.message()));
    return absl::OkStatus();
  }

  const TailOptions& options_;
  Session& session_;
  std::uint64_t last_;  // where to go on: everything up to it was seen
};

}  // namespace

void AddEventCommands(const Online& online) {
  auto options = std::make_shared<TailOptions>();
  Command command =
      online.root()
          .Group("event", "What happened, as it was committed")
          .Add("tail",
               "Print the newest events, oldest first: time, revision, host, "
               "kind, message.");
  command.Option("--host", HostName(options->parent), "Of this host only");
  command.Flag("-f,--follow", options->follow,
               "Then print events as they are committed, until ended");
  AddLimit(command, options->limit);
  command.Option("--after",
                 Whole(options->after, "REVISION", 0,
                       std::numeric_limits<std::uint64_t>::max()),
                 "Only events after this revision");
  online.Runs(command, [options](Session& session) {
    return EventTail(*options, session).Run();
  });
}

}  // namespace lb::cli
