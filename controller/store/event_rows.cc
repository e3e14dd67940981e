#include "controller/store/event_rows.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

// Events of one host, or with an empty one of all, as `rest` says.
absl::StatusOr<Statement> Select(Connection& db, const std::string& host,
                                 const char* rest) {
  return db.Prepare(absl::StrCat(
      "SELECT revision, time_ns, host, kind, message FROM events WHERE ",
      host.empty() ? "?1 = '' AND " : "host = ?1 AND ", rest));
}

absl::StatusOr<std::vector<Event>> EventsFrom(Statement& select) {
  std::vector<Event> events;
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return events;
    Event event;
    event.revision = select.Unsigned();
    event.time = FromNs(select.Int());
    event.host = select.Text();
    LB_ASSIGN_OR_RETURN(event.kind, ParseEventKind(select.Text()));
    event.message = select.Text();
    events.push_back(std::move(event));
  }
}

}  // namespace

absl::Status InsertEvent(Connection& db, const Event& event) {
  LB_ASSIGN_OR_RETURN(Statement insert,
                      db.Prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?)"));
  return insert.Bind(event.revision)
      .Bind(ToNs(event.time))
      .Bind(event.host)
      .Bind(EventKindName(event.kind))
      .Bind(event.message)
      .Run();
}

absl::StatusOr<std::vector<Event>> ReadEventsBefore(Connection& db,
                                                    const EventPage& page) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      Select(db, page.host, "revision < ?2 ORDER BY revision DESC LIMIT ?3"));
  const std::int64_t before = page.before == 0
                                  ? std::numeric_limits<std::int64_t>::max()
                                  : static_cast<std::int64_t>(page.before);
  select.Bind(page.host).Bind(before).Bind(page.limit);
  return EventsFrom(select);
}

absl::StatusOr<std::vector<Event>> ReadEventsAfter(Connection& db,
                                                   const std::string& host,
                                                   std::uint64_t after,
                                                   std::uint32_t limit) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      Select(db, host, "revision > ?2 ORDER BY revision LIMIT ?3"));
  select.Bind(host).Bind(after).Bind(limit);
  return EventsFrom(select);
}

}  // namespace lb::controller
