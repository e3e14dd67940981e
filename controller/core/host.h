// What the controller knows of one host while it runs. A record with few
// rules of its own: Fleet, PlanBook and BalanceLoop act on it, each on its
// part. On the loop's thread.
#ifndef LB_CONTROLLER_CORE_HOST_H_
#define LB_CONTROLLER_CORE_HOST_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "balance/decision.h"
#include "balance/host_load.h"
#include "balance/move_history.h"
#include "common/clock.h"
#include "common/int128.h"
#include "controller/core/agent_messages.h"
#include "controller/core/allowance.h"
#include "controller/core/host_session.h"
#include "controller/core/records.h"
#include "controller/core/store.h"

namespace lb::controller {

// The host's one plan that is not settled. A plan belongs to a stage until
// what became of it is committed.
struct Flight {
  enum class Stage {
    kNone,
    kCommitting,  // not sent before the store says it is durable
    kSent,        // the agent, or its next hello, will say what became of it
    kRecording,   // that is known, and on its way into the store
  };
  Stage stage = Stage::kNone;
  PlanRecord plan;
  MonotonicTime begun;  // when this process took it up
  MonotonicTime since;  // of the stage
  // kRecording: what is to be committed, again if the store could not.
  std::optional<Change> outcome;
  Digest left;  // kRecording: of the table that the plan left in force
  bool commit_under_way = false;
  bool acknowledge = false;  // to the agent, once it is durable
  bool ask_again = false;    // then ask for a hello: the table is not known
};

// A move that was made, and what its bucket has been worth since: its load in
// ns per second, times the ns that it was measured for.
struct MeasuredMove {
  Move move;
  Uint128 load_time = 0;
};

// The plan whose effect is being measured.
struct Measuring {
  std::uint64_t plan_id = 0;
  Epoch epoch;
  Digest table;
  double before = 1;
  double predicted = 1;
  bool balancing = true;  // it was made to even the host out
  std::uint32_t reports = 0;
  std::chrono::nanoseconds interval{0};
  std::vector<ProcessorLoad> processors{};  // busy summed, last capacity
  std::vector<MeasuredMove> moves{};
  bool commit_under_way = false;
};

// The agent refused a plan whole: none is sent before the buckets' cooldown has
// passed, and the same one not before their return time has.
struct Refusal {
  Digest base;
  Digest digest;
  std::string reason;
  MonotonicTime when;
};

// Why the host is not planned at present. `code` is a word such as EVEN; empty
// while there is nothing to explain.
struct Standing {
  std::string code;
  std::string reason;
  bool frozen = false;
};

struct Host {
  HostRecord record;
  std::unique_ptr<HostSession> session;  // null: disconnected
  std::string fenced;                    // why; empty: not fenced
  Digest digest;                         // of record.table

  // BalanceLoop's.
  std::optional<balance::HostLoad> load;
  // Of a while that is long enough to show. Without bucket loads, which are
  // most of it: what is known of them is in `load`.
  std::optional<LoadSample> last_report;
  WallTime report_time;
  std::optional<WallTime> bucket_sample_time;
  balance::MoveHistory history;
  std::uint32_t over_trigger = 0;
  balance::Decision decision;
  // What the decision was made from: the measurement, and over_trigger then.
  balance::HostMeasurement measured;
  std::uint32_t measured_over_trigger = 0;
  // A decision was put off because this host, or as many as allowed, had a
  // plan in flight: to be taken up as soon as one is settled.
  bool dirty = false;
  bool waits = false;    // in the balance loop's queue for that
  std::string nonsense;  // what is wrong with the last report, or empty
  Standing standing;
  std::uint32_t standing_times = 0;  // how often running
  std::string recorded_code;         // of the last NOT_PLANNED event, or plan
  // To record a standing, or what cannot be split. What still stands when there
  // is room is recorded.
  Allowance standings{std::chrono::seconds(30), 10};
  std::optional<BucketId> unsplittable;  // makes the bound, and was told of
  std::optional<Refusal> refusal;
  std::optional<PlanRecord> proposal;  // the open one, in advise mode
  bool proposal_under_way = false;

  // PlanBook's.
  Flight flight;
  std::optional<Measuring> measuring;
  // Plans no longer in flight whose results are on their way into the store.
  std::set<Epoch> settling;

  // Fleet's.
  std::optional<MonotonicTime> duplicate_event;  // last time it was recorded
  bool unsaved = false;    // the store could not keep the record
  std::size_t saving = 0;  // commits of it that are under way
  Allowance agent_events{std::chrono::seconds(1), 10};
  Allowance table_changes{std::chrono::seconds(1), 10};
  // Changes of the table that were too many to tell one by one, and why it
  // changed last.
  std::uint64_t untold_changes = 0;
  std::string last_change;

  const std::string& name() const { return record.host; }
  bool connected() const { return session != nullptr; }
};

// The record, if the store may not have it as it is: to be committed with what
// rests on it.
std::optional<HostRecord> ToSave(const Host& host);

// NOT_FOUND, for one that the controller does not know.
absl::Status NoSuchHost(std::string_view name);

// Another table is in force from now on (or the same: no change). Loads are
// kept, utilizations and what was decided on them start anew, and the moves it
// took count as made now.
void SetTable(Host& host, Table table, Digest digest, MonotonicTime now);

// Whether the report began and ended under the host's table.
bool OfCurrentTable(const Host& host, const LoadSample& load);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_HOST_H_
