#include "tests/bench/store/write_rate.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <latch>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/core/store.h"
#include "controller/store/row_codec.h"
#include "tests/bench/store/bare_database.h"
#include "tests/bench/store/history_rows.h"
#include "tests/bench/store/opened_store.h"

namespace lb::bench {
namespace {

using controller::AuditRecord;
using controller::BucketSample;
using controller::Change;
using controller::Committed;
using controller::Event;
using controller::PlanRecord;
using controller::ProcessorSample;
using controller::Store;
using controller::StoredProcessorSample;
using controller::ToNs;
using std::chrono::steady_clock;

// Fewer than the store lets wait, so that none is dropped.
constexpr std::size_t kReports = 40'000;
constexpr std::size_t kPlans = 8'192;
// Plan, inputs, event, audit record.
constexpr std::size_t kRowsAPlan = 4 + kMovesAPlan;

double SecondsSince(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

struct Written {
  double seconds = 0;
  std::uint64_t transactions = 0;
};

// A store's files, of which no process has any open.
std::string ClosedStore(const std::string& directory) {
  const OpenedStore store(directory);
  return directory;
}

struct Telemetry {
  std::vector<ProcessorSample> processors;
  std::vector<BucketSample> buckets;  // after every tenth of `processors`

  std::size_t rows() const { return processors.size() + buckets.size(); }
};

Telemetry MakeTelemetry() {
  Telemetry made;
  for (std::size_t i = 0; i < kReports; ++i) {
    made.processors.push_back(ProcessorSampleAt(i));
    if ((i + 1) % kReportsABucketSample == 0) {
      made.buckets.push_back(BucketSampleAt(i));
    }
  }
  return made;
}

Written StoreTelemetry(const std::string& directory, Telemetry made) {
  const OpenedStore store(directory);
  const std::uint64_t before = CountedTransactions();
  const auto start = steady_clock::now();
  for (std::size_t i = 0; i < made.processors.size(); ++i) {
    store->Append(std::move(made.processors[i]));
    if ((i + 1) % kReportsABucketSample == 0) {
      store->Append(std::move(made.buckets[i / kReportsABucketSample]));
    }
  }
  const auto found = Await<std::vector<StoredProcessorSample>>(
      [&](Store::Callback<std::vector<StoredProcessorSample>> callback) {
        store->ListProcessorSamples({.host = "host-0", .limit = 1},
                                    std::move(callback));
      });
  const double seconds = SecondsSince(start);
  if (found.empty() || store->statistics().dropped_samples != 0) {
    throw std::runtime_error("the store did not keep every sample");
  }
  return {seconds, CountedTransactions() - before};
}

struct PackedTelemetry {
  std::vector<std::string> processors;
  std::vector<std::string> buckets;
};

PackedTelemetry Pack(const Telemetry& made) {
  PackedTelemetry packed;
  for (const ProcessorSample& sample : made.processors) {
    packed.processors.push_back(controller::PackProcessors(sample.processors));
  }
  for (const BucketSample& sample : made.buckets) {
    packed.buckets.push_back(controller::PackBuckets(sample.buckets));
  }
  return packed;
}

double BareTelemetry(const std::string& directory, const Telemetry& made,
                     const PackedTelemetry& packed,
                     std::size_t rows_a_transaction) {
  BareDatabase db(ClosedStore(directory) + "/telemetry.db", "NORMAL");
  BareInsert processors =
      db.Prepare("INSERT INTO processor_samples VALUES (?, ?, ?, ?, ?, ?)");
  BareInsert buckets =
      db.Prepare("INSERT INTO bucket_samples VALUES (?, ?, ?, ?, ?)");
  std::size_t rows = 0;
  const auto next_row = [&] {
    if (rows % rows_a_transaction == 0) {
      db.Execute(rows == 0 ? "BEGIN IMMEDIATE" : "COMMIT; BEGIN IMMEDIATE");
    }
    ++rows;
  };
  const auto start = steady_clock::now();
  for (std::size_t i = 0; i < made.processors.size(); ++i) {
    const ProcessorSample& sample = made.processors[i];
    next_row();
    processors.Run(sample.host, ToNs(sample.time), sample.term.value(),
                   sample.epoch.value(), sample.interval.count(),
                   Blob{packed.processors[i]});
    if ((i + 1) % kReportsABucketSample != 0) continue;
    const BucketSample& other = made.buckets[i / kReportsABucketSample];
    next_row();
    buckets.Run(other.host, ToNs(other.time), other.term.value(),
                other.epoch.value(),
                Blob{packed.buckets[i / kReportsABucketSample]});
  }
  db.Execute("COMMIT");
  return SecondsSince(start);
}

std::vector<Change> MakePlans() {
  std::vector<Change> made;
  for (std::size_t i = 0; i < kPlans; ++i) made.push_back(PlanChangeAt(i));
  return made;
}

Written StorePlans(const std::string& directory, std::vector<Change> changes) {
  const OpenedStore store(directory);
  std::latch answered(static_cast<std::ptrdiff_t>(changes.size()));
  std::size_t failed = 0;  // of the store's loop until all are answered
  const std::uint64_t before = CountedTransactions();
  const auto start = steady_clock::now();
  for (Change& change : changes) {
    store->Commit(std::move(change),
                  [&](const absl::StatusOr<Committed>& committed) {
                    if (!committed.ok()) ++failed;
                    answered.count_down();
                  });
  }
  answered.wait();
  const double seconds = SecondsSince(start);
  if (failed != 0) throw std::runtime_error("the store refused a plan");
  return {seconds, CountedTransactions() - before};
}

struct PackedPlan {
  std::string owners;
  std::string indexes;
  std::string quotas;
};

std::vector<PackedPlan> Pack(const std::vector<Change>& changes) {
  std::vector<PackedPlan> packed;
  for (const Change& change : changes) {
    packed.push_back({controller::PackOwners(change.plan->table.owner),
                      controller::PackDoubles(change.plan->indexes),
                      controller::PackNumbers(change.plan->quotas)});
  }
  return packed;
}

// The statements that a plan's rows take.
class BarePlans {
 public:
  explicit BarePlans(BareDatabase& db)
      : db_(db),
        plans_(db.Prepare(
            "INSERT INTO plans (host, term, epoch, state, create_time_ns, "
            "author, reason, policy_revision, base, digest, hash, key_id, "
            "owners, imbalance_before, imbalance_predicted, bound, indexes, "
            "total_index, quotas, move_count, max_pause_ns, rejection, "
            "planner, algorithm_version, verdict, planner_reason, proposed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, 0, '', ?, ?, ?, ?, 0)")),
        inputs_(db.Prepare("INSERT INTO plan_inputs VALUES (?, ?)")),
        moves_(db.Prepare(
            "INSERT INTO moves (plan_id, ordinal, bucket, from_processor, "
            "to_processor, load_ns_per_s, reason) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)")),
        events_(db.Prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?)")),
        audit_(db.Prepare("INSERT INTO audit VALUES "
                          "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {}

  // `number` counts from 1, over all hosts.
  void Insert(std::uint64_t number, const Change& change,
              const PackedPlan& packed) {
    InsertPlan(number, *change.plan, packed);
    // Hosts took the first revisions.
    const std::uint64_t revision = kHosts + number;
    const Event& event = *change.event;
    events_.Run(revision, ToNs(event.time), event.host,
                controller::EventKindName(event.kind), event.message);
    const AuditRecord& audit = *change.audit;
    audit_.Run(number, ToNs(audit.time), audit.caller,
               controller::RoleName(audit.role), audit.method, audit.resource,
               audit.outcome, audit.error, audit.reason, audit.request_id,
               audit.before, audit.after, revision, hash_);
  }

 private:
  void InsertPlan(std::uint64_t number, const PlanRecord& plan,
                  const PackedPlan& packed) {
    plans_.Run(
        plan.host, plan.term.value(), number,
        controller::PlanStateName(plan.state), ToNs(plan.create_time),
        plan.author, plan.reason, plan.policy_revision, plan.base.value(),
        plan.digest.value(), HashKindName(plan.table.hash), plan.table.key_id,
        Blob{packed.owners}, plan.imbalance_before, plan.imbalance_predicted,
        plan.bound, Blob{packed.indexes}, plan.total_index, Blob{packed.quotas},
        plan.moves.size(), balance::PlannerKindName(plan.inputs.planner),
        plan.inputs.algorithm_version, plan.verdict, plan.planner_reason);
    const std::int64_t id = db_.last_row_id();
    inputs_.Run(id, Blob{plan.inputs.bytes});
    for (std::size_t i = 0; i < plan.moves.size(); ++i) {
      const controller::MoveRecord& move = plan.moves[i];
      moves_.Run(id, i, move.move.bucket.value(), move.move.from.value(),
                 move.move.to.value(), move.load_ns_per_s, move.reason);
    }
  }

  BareDatabase& db_;
  const std::string hash_ = std::string(64, 'a');
  BareInsert plans_;
  BareInsert inputs_;
  BareInsert moves_;
  BareInsert events_;
  BareInsert audit_;
};

double BareLoopOfPlans(const std::string& directory,
                       const std::vector<Change>& changes,
                       const std::vector<PackedPlan>& packed,
                       std::size_t changes_a_transaction) {
  BareDatabase db(ClosedStore(directory) + "/control.db", "FULL");
  BarePlans plans(db);
  const auto start = steady_clock::now();
  for (std::size_t first = 0; first < changes.size();
       first += changes_a_transaction) {
    const std::size_t end =
        std::min(first + changes_a_transaction, changes.size());
    db.Execute("BEGIN IMMEDIATE");
    for (std::size_t i = first; i < end; ++i) {
      plans.Insert(i + 1, changes[i], packed[i]);
    }
    db.Execute("COMMIT");
  }
  return SecondsSince(start);
}

// How many of `all` are in a transaction, rounded up.
std::size_t GroupOf(std::size_t all, const Written& written) {
  return (all + written.transactions - 1) / written.transactions;
}

WriteRate RateOf(std::size_t rows, const Written& store, double bare_s) {
  const auto count = static_cast<double>(rows);
  return {rows, count / store.seconds, count / bare_s,
          count / static_cast<double>(store.transactions)};
}

}  // namespace

WriteRate MeasureTelemetry(const std::string& directory) {
  const Telemetry made = MakeTelemetry();
  const PackedTelemetry packed = Pack(made);
  const Written store = StoreTelemetry(directory + "/store", made);
  const double bare = BareTelemetry(directory + "/bare", made, packed,
                                    GroupOf(made.rows(), store));
  return RateOf(made.rows(), store, bare);
}

WriteRate MeasureControl(const std::string& directory) {
  const std::vector<Change> made = MakePlans();
  const std::vector<PackedPlan> packed = Pack(made);
  const Written store = StorePlans(directory + "/store", made);
  const double bare = BareLoopOfPlans(directory + "/bare", made, packed,
                                      GroupOf(made.size(), store));
  return RateOf(made.size() * kRowsAPlan, store, bare);
}

}  // namespace lb::bench
