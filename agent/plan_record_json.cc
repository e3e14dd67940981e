#include "agent/plan_record_json.h"

#include <cstdint>
#include <exception>
#include <limits>
#include <stdexcept>
#include <utility>

#include "common/status.h"
#include "nlohmann/json.hpp"

namespace lb::agent {
namespace {

using Json = nlohmann::json;

Json ToJson(const Table& table) {
  Json owner = Json::array();
  for (ProcessorId p : table.owner) owner.push_back(p.value());
  return {{"hash", HashKindName(table.hash)},
          {"key_id", table.key_id},
          {"owner", std::move(owner)}};
}

Json ToJson(const Counters& c) {
  return {{"arrived", c.arrived},     {"served", c.served},
          {"bytes", c.bytes},         {"queued", c.queued},
          {"dropped", c.dropped},     {"lost", c.lost},
          {"reordered", c.reordered}, {"duplicated", c.duplicated},
          {"sent", c.sent},           {"unsent", c.unsent}};
}

Json ToJson(const PlanResult& result) {
  Json moves = Json::array();
  for (const MoveResult& m : result.applied.moves) {
    moves.push_back({m.move.bucket.value(), m.move.from.value(),
                     m.move.to.value(), static_cast<int>(m.outcome),
                     m.pause.count()});
  }
  return {{"term", result.term.value()},
          {"epoch", result.epoch.value()},
          {"state", static_cast<int>(result.state)},
          {"expired", result.expired},
          {"reason", result.reason},
          {"moves", std::move(moves)},
          {"counters", ToJson(result.applied.counters)},
          {"digest", result.applied.table.value()}};
}

// The readers below throw, and PlanRecordFromJson() turns that into a Status.
template <class IdType>
IdType ReadId(const Json& json) {
  using Rep = typename IdType::rep;
  if (!json.is_number_unsigned() ||
      json.get<std::uint64_t>() > std::numeric_limits<Rep>::max()) {
    throw std::out_of_range("number " + json.dump());
  }
  return IdType(json.get<Rep>());
}

Table ReadTable(const Json& json) {
  absl::StatusOr<HashKind> hash =
      ParseHashKind(json.at("hash").get<std::string>());
  if (!hash.ok()) throw std::out_of_range(OneLine(hash.status()));
  Table table{*hash, json.at("key_id").get<std::string>(), {}};
  for (const Json& owner : json.at("owner")) {
    table.owner.push_back(ReadId<ProcessorId>(owner));
  }
  return table;
}

Counters ReadCounters(const Json& json) {
  Counters c;
  json.at("arrived").get_to(c.arrived);
  json.at("served").get_to(c.served);
  json.at("bytes").get_to(c.bytes);
  json.at("queued").get_to(c.queued);
  json.at("dropped").get_to(c.dropped);
  json.at("lost").get_to(c.lost);
  json.at("reordered").get_to(c.reordered);
  json.at("duplicated").get_to(c.duplicated);
  // Files from before packets could be sent do not have these two.
  c.sent = json.value("sent", c.sent);
  c.unsent = json.value("unsent", c.unsent);
  return c;
}

template <class Enum>
Enum ReadEnum(const Json& json, int first, int last) {
  const int value = json.get<int>();
  if (value < first || value > last) {
    throw std::out_of_range("number " + json.dump());
  }
  return static_cast<Enum>(value);
}

PlanResult ReadResult(const Json& json) {
  PlanResult result;
  result.term = ReadId<Term>(json.at("term"));
  result.epoch = ReadId<Epoch>(json.at("epoch"));
  result.state = ReadEnum<ApplyState>(json.at("state"), 1, 3);
  // Files from before plans could be said to have expired do not have it.
  result.expired = json.value("expired", result.expired);
  json.at("reason").get_to(result.reason);
  for (const Json& m : json.at("moves")) {
    result.applied.moves.push_back(
        {{ReadId<BucketId>(m.at(0)), ReadId<ProcessorId>(m.at(1)),
          ReadId<ProcessorId>(m.at(2))},
         ReadEnum<MoveOutcome>(m.at(3), 1, 3),
         std::chrono::nanoseconds(m.at(4).get<std::int64_t>())});
  }
  result.applied.counters = ReadCounters(json.at("counters"));
  result.applied.table = ReadId<Digest>(json.at("digest"));
  return result;
}

PlanRecord ReadRecord(const Json& json) {
  PlanRecord record;
  json.at("host").get_to(record.host);
  json.at("store_id").get_to(record.store_id);
  record.seen_term = ReadId<Term>(json.at("seen_term"));
  record.seen_epoch = ReadId<Epoch>(json.at("seen_epoch"));
  record.term = ReadId<Term>(json.at("term"));
  record.epoch = ReadId<Epoch>(json.at("epoch"));
  json.at("applying").get_to(record.applying);
  if (json.contains("table")) record.table = ReadTable(json.at("table"));
  if (json.contains("unacknowledged")) {
    record.unacknowledged = ReadResult(json.at("unacknowledged"));
  }
  return record;
}

}  // namespace

std::string PlanRecordToJson(const PlanRecord& record) {
  Json json = {{"host", record.host},
               {"store_id", record.store_id},
               {"seen_term", record.seen_term.value()},
               {"seen_epoch", record.seen_epoch.value()},
               {"term", record.term.value()},
               {"epoch", record.epoch.value()},
               {"applying", record.applying}};
  if (record.table) json["table"] = ToJson(*record.table);
  if (record.unacknowledged) {
    json["unacknowledged"] = ToJson(*record.unacknowledged);
  }
  // A reason may quote what a controller sent, so invalid UTF-8 is replaced.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<PlanRecord> PlanRecordFromJson(std::string_view text) {
  try {
    return ReadRecord(Json::parse(text));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

}  // namespace lb::agent
