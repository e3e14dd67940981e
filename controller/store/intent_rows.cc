#include "controller/store/intent_rows.h"

#include <cstdint>
#include <utility>

#include "common/status.h"
#include "controller/store/host_rows.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

using Intents = std::map<std::string, HostIntent>;

absl::Status WriteDrains(Connection& db, const HostIntentChange& change) {
  LB_ASSIGN_OR_RETURN(Statement clear,
                      db.Prepare("DELETE FROM host_drains WHERE host = ?"));
  LB_RETURN_IF_ERROR(clear.Bind(change.host).Run());
  LB_ASSIGN_OR_RETURN(Statement insert,
                      db.Prepare("INSERT INTO host_drains VALUES (?, ?)"));
  for (const ProcessorId processor : change.intent.drained) {
    LB_RETURN_IF_ERROR(insert.Reset()
                           .Bind(change.host)
                           .Bind(std::uint32_t{processor.value()})
                           .Run());
  }
  return absl::OkStatus();
}

absl::Status WritePins(Connection& db, const HostIntentChange& change) {
  LB_ASSIGN_OR_RETURN(Statement clear,
                      db.Prepare("DELETE FROM host_pins WHERE host = ?"));
  LB_RETURN_IF_ERROR(clear.Bind(change.host).Run());
  LB_ASSIGN_OR_RETURN(Statement insert,
                      db.Prepare("INSERT INTO host_pins VALUES (?, ?, ?)"));
  for (const Pin& pin : change.intent.pins) {
    LB_RETURN_IF_ERROR(insert.Reset()
                           .Bind(change.host)
                           .Bind(pin.bucket.value())
                           .Bind(std::uint32_t{pin.processor.value()})
                           .Run());
  }
  return absl::OkStatus();
}

absl::Status ReadDrains(Connection& db, Intents& intents) {
  LB_ASSIGN_OR_RETURN(Statement select,
                      db.Prepare("SELECT host, processor FROM host_drains "
                                 "ORDER BY host, processor"));
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return absl::OkStatus();
    HostIntent& intent = intents[select.Text()];
    intent.drained.emplace_back(static_cast<ProcessorId::rep>(select.Int()));
  }
}

absl::Status ReadPins(Connection& db, Intents& intents) {
  LB_ASSIGN_OR_RETURN(Statement select,
                      db.Prepare("SELECT host, bucket, processor "
                                 "FROM host_pins ORDER BY host, bucket"));
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return absl::OkStatus();
    HostIntent& intent = intents[select.Text()];
    Pin pin;
    pin.bucket = BucketId(static_cast<BucketId::rep>(select.Int()));
    pin.processor = ProcessorId(static_cast<ProcessorId::rep>(select.Int()));
    intent.pins.push_back(pin);
  }
}

absl::Status ReadPauses(Connection& db, Intents& intents) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT host, advise, reason, author, since_ns FROM pauses"));
  for (;;) {
    LB_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return absl::OkStatus();
    Pause& pause = intents[select.Text()].pause.emplace();
    pause.advise = select.Int() != 0;
    pause.reason = select.Text();
    pause.author = select.Text();
    pause.since = FromNs(select.Int());
  }
}

}  // namespace

absl::Status WriteIntent(Connection& db, const HostIntentChange& change) {
  LB_RETURN_IF_ERROR(RequireHost(db, change.host));
  LB_RETURN_IF_ERROR(WriteDrains(db, change));
  LB_RETURN_IF_ERROR(WritePins(db, change));
  return WritePause(db, change.host, change.intent.pause);
}

absl::Status WritePause(Connection& db, const std::string& host,
                        const std::optional<Pause>& pause) {
  LB_ASSIGN_OR_RETURN(Statement clear,
                      db.Prepare("DELETE FROM pauses WHERE host = ?"));
  LB_RETURN_IF_ERROR(clear.Bind(host).Run());
  if (!pause) return absl::OkStatus();
  LB_ASSIGN_OR_RETURN(Statement insert,
                      db.Prepare("INSERT INTO pauses VALUES (?, ?, ?, ?, ?)"));
  return insert.Bind(host)
      .Bind(std::int64_t{pause->advise ? 1 : 0})
      .Bind(pause->reason)
      .Bind(pause->author)
      .Bind(ToNs(pause->since))
      .Run();
}

absl::StatusOr<Intents> ReadIntents(Connection& db) {
  Intents intents;
  LB_RETURN_IF_ERROR(ReadDrains(db, intents));
  LB_RETURN_IF_ERROR(ReadPins(db, intents));
  LB_RETURN_IF_ERROR(ReadPauses(db, intents));
  return intents;
}

}  // namespace lb::controller
