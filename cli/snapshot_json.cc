#include "cli/snapshot_json.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/table.h"

namespace lb::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNsPerSecond = 1e9;
constexpr double kMaxCpus = 1e6;  // keeps the planner's integers in range

template <class... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// "load[3]".
std::string Element(std::string_view field, std::size_t i) {
  return absl::StrCat(ToAbsl(field), "[", i, "]");
}

absl::StatusOr<Json> ParseObject(std::string_view line) {
  Json json;
  try {
    json = Json::parse(line);
  } catch (const Json::exception& error) {
    // "[json.exception.parse_error.101] parse error at ...": the tag tells
    // people nothing.
    std::string_view what = error.what();
    if (const std::size_t end = what.find("] "); end != what.npos) {
      what.remove_prefix(end + 2);
    }
    return Wrong("malformed JSON: ", ToAbsl(what));
  }
  if (!json.is_object()) {
    return Wrong("a JSON ", json.type_name(), " where an object is needed");
  }
  return json;
}

// The array called `field`.
absl::StatusOr<const Json*> Array(const Json& object, const char* field) {
  const auto it = object.find(field);
  if (it == object.end()) return Wrong(field, " is missing");
  if (!it->is_array()) {
    return Wrong(field, " is a ", it->type_name(), "; use an array");
  }
  return &*it;
}

absl::StatusOr<double> Number(const Json& value, const std::string& name,
                              double low, double high) {
  if (!value.is_number()) {
    return Wrong(name, " is a ", value.type_name(), "; use a number");
  }
  const double number = value.get<double>();
  if (!(number >= low && number <= high)) {
    return Wrong(name, " is ", value.dump(), "; use ", low, " to ", high);
  }
  return number;
}

absl::StatusOr<std::uint64_t> Integer(const Json& value,
                                      const std::string& name,
                                      std::uint64_t low, std::uint64_t high) {
  if (!value.is_number_integer()) {
    return Wrong(name, " is ",
                 value.is_number() ? value.dump() : value.type_name(),
                 "; use a whole number from ", low, " to ", high);
  }
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() < low ||
      value.get<std::uint64_t>() > high) {
    return Wrong(name, " is ", value.dump(), "; use ", low, " to ", high);
  }
  return value.get<std::uint64_t>();
}

absl::StatusOr<std::uint32_t> Capacity(const Json& processor,
                                       const std::string& name) {
  if (!processor.is_object()) {
    return Wrong(name, " is a ", processor.type_name(),
                 "; use an object such as {\"capacity\":1}");
  }
  const auto it = processor.find("capacity");
  if (it == processor.end()) return 1'000;
  LB_ASSIGN_OR_RETURN(const double cpus,
                      Number(*it, name + ".capacity", 0.001, 1));
  return static_cast<std::uint32_t>(std::llround(cpus * 1'000));
}

absl::Status ReadProcessors(const Json& object, balance::Snapshot& snapshot) {
  const auto it = object.find("processors");
  if (it == object.end()) return Wrong("processors is missing");
  if (!it->is_array()) {
    LB_ASSIGN_OR_RETURN(const std::uint64_t count,
                        Integer(*it, "processors", 1, kMaxProcessors));
    snapshot.processors.resize(count);
    return absl::OkStatus();
  }
  for (std::size_t i = 0; i < it->size(); ++i) {
    LB_ASSIGN_OR_RETURN(const std::uint32_t capacity,
                        Capacity((*it)[i], Element("processors", i)));
    snapshot.processors.push_back({.capacity_permille = capacity});
  }
  if (it->empty()) return Wrong("processors is empty; give at least one");
  return absl::OkStatus();
}

absl::Status ReadBuckets(const Json& object, balance::Snapshot& snapshot) {
  LB_ASSIGN_OR_RETURN(const Json* load, Array(object, "load"));
  LB_ASSIGN_OR_RETURN(const Json* assignment, Array(object, "assignment"));
  if (load->size() != assignment->size()) {
    return Wrong("load has ", load->size(), " buckets, assignment ",
                 assignment->size());
  }
  for (std::size_t b = 0; b < load->size(); ++b) {
    LB_ASSIGN_OR_RETURN(const double cpus,
                        Number((*load)[b], Element("load", b), 0, kMaxCpus));
    LB_ASSIGN_OR_RETURN(const std::uint64_t owner,
                        Integer((*assignment)[b], Element("assignment", b), 0,
                                snapshot.processors.size() - 1));
    snapshot.buckets.push_back(
        {.owner = ProcessorId(static_cast<std::uint16_t>(owner)),
         .load_ns_per_s =
             static_cast<std::uint64_t>(std::llround(cpus * kNsPerSecond))});
  }
  return absl::OkStatus();
}

absl::Status ReadConnections(const Json& object, balance::Snapshot& snapshot) {
  if (!object.contains("connections")) return absl::OkStatus();
  LB_ASSIGN_OR_RETURN(const Json* values, Array(object, "connections"));
  if (values->size() != snapshot.buckets.size()) {
    return Wrong("connections has ", values->size(), " buckets, load ",
                 snapshot.buckets.size());
  }
  for (std::size_t b = 0; b < values->size(); ++b) {
    LB_ASSIGN_OR_RETURN(const std::uint64_t connections,
                        Integer((*values)[b], Element("connections", b), 0,
                                std::numeric_limits<std::uint32_t>::max()));
    snapshot.buckets[b].connections = static_cast<std::uint32_t>(connections);
  }
  return absl::OkStatus();
}

absl::Status ReadUtilization(const Json& object, balance::Snapshot& snapshot) {
  if (!object.contains("utilization")) return absl::OkStatus();
  LB_ASSIGN_OR_RETURN(const Json* values, Array(object, "utilization"));
  if (values->size() != snapshot.processors.size()) {
    return Wrong("utilization has ", values->size(), " processors, processors ",
                 snapshot.processors.size());
  }
  for (std::size_t i = 0; i < values->size(); ++i) {
    LB_ASSIGN_OR_RETURN(
        const double utilization,
        Number((*values)[i], Element("utilization", i), 0, kMaxCpus));
    balance::ProcessorState& p = snapshot.processors[i];
    p.busy_ns_per_s = static_cast<std::uint64_t>(std::llround(
        utilization * p.capacity_permille * (kNsPerSecond / 1'000)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SnapshotLine> ParseSnapshotLine(std::string_view line) {
  LB_ASSIGN_OR_RETURN(const Json object, ParseObject(line));
  SnapshotLine result;
  LB_RETURN_IF_ERROR(ReadProcessors(object, result.snapshot));
  LB_RETURN_IF_ERROR(ReadBuckets(object, result.snapshot));
  LB_RETURN_IF_ERROR(ReadConnections(object, result.snapshot));
  LB_RETURN_IF_ERROR(ReadUtilization(object, result.snapshot));
  LB_RETURN_IF_ERROR(balance::ValidateSnapshot(result.snapshot));
  if (const auto name = object.find("name"); name != object.end()) {
    result.name = *name;
  }
  return result;
}

std::string FormatProposal(const SnapshotLine& input,
                           const balance::Proposal& proposal,
                           std::chrono::nanoseconds solve_time) {
  Json answer;
  if (input.name) answer["name"] = *input.name;
  std::vector<std::uint16_t> assignment;
  assignment.reserve(proposal.assignment.size());
  for (ProcessorId owner : proposal.assignment) {
    assignment.push_back(owner.value());
  }
  answer["assignment"] = std::move(assignment);
  answer["moves"] = Json::array();
  for (const balance::PlannedMove& m : proposal.moves) {
    Json move;
    move["bucket"] = m.move.bucket.value();
    move["from"] = m.move.from.value();
    move["to"] = m.move.to.value();
    move["reason"] = m.reason;
    answer["moves"].push_back(std::move(move));
  }
  answer["reason"] = proposal.reason;
  answer["imbalance_before"] = proposal.imbalance_before;
  answer["imbalance_after"] = proposal.imbalance_after;
  answer["bound"] = proposal.bound;
  answer["indexes"] = proposal.indexes;
  answer["total_index"] = proposal.total_index;
  answer["quotas"] = proposal.quotas;
  answer["solve_ns"] = solve_time.count();
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lb::cli
