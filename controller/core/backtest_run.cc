#include "controller/core/backtest_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "balance/planner.h"
#include "common/status.h"
#include "controller/core/balance_loop.h"

namespace lb::controller {
namespace {

// The table that was in force after what the plan did not move.
Table TableAfter(const PlanRecord& plan) {
  Table table = plan.table;
  for (const MoveRecord& move : plan.moves) {
    if (move.outcome == MoveOutcome::kNotMoved) {
      table.owner.at(move.move.bucket.index()) = move.move.from;
    }
  }
  return table;
}

Table TableBefore(const PlanRecord& plan) {
  Table table = plan.table;
  for (const MoveRecord& move : plan.moves) {
    table.owner.at(move.move.bucket.index()) = move.move.from;
  }
  return table;
}

std::vector<Move> MovesMade(const PlanRecord& plan) {
  std::vector<Move> made;
  for (const MoveRecord& move : plan.moves) {
    if (move.outcome != MoveOutcome::kNotMoved) made.push_back(move.move);
  }
  return made;
}

absl::Status CheckMoves(const PlanRecord& plan) {
  for (const MoveRecord& move : plan.moves) {
    if (move.move.bucket.index() < plan.table.buckets()) continue;
    return absl::DataLossError(absl::StrCat(PlanName(plan), " moves bucket ",
                                            move.move.bucket.value(),
                                            ", which its table has not"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateBacktest(const BacktestRequest& request, WallTime now) {
  LB_RETURN_IF_ERROR(balance::ValidatePolicy(request.policy));
  if (request.from >= now) {
    return absl::InvalidArgumentError(
        absl::StrCat("start_time is ", FormatWallTime(request.from),
                     ", which is not in the past"));
  }
  if (request.from >= request.to) {
    return absl::InvalidArgumentError(absl::StrCat(
        "start_time is ", FormatWallTime(request.from), ", end_time ",
        FormatWallTime(request.to), "; the end must be later"));
  }
  if (request.to - request.from > BacktestRun::kLongest) {
    return absl::InvalidArgumentError(absl::StrCat(
        "from start_time to end_time are more than 31 days; choose less"));
  }
  return absl::OkStatus();
}

void BacktestRun::Start(Store& store, EventLoop& loop, const Clock& clock,
                        BacktestRequest request, const Layout& layout,
                        Table table, Store::Callback<BacktestResult> callback) {
  auto planner = balance::MakePlanner(request.policy.planner);
  if (!planner.ok()) {
    std::move(callback)(planner.status());
    return;
  }
  const std::shared_ptr<BacktestRun> run(new BacktestRun(
      store, loop, clock, std::move(request), layout, std::move(table),
      *std::move(planner), std::move(callback)));
  run->Continue();
}

BacktestRun::BacktestRun(Store& store, EventLoop& loop, const Clock& clock,
                         BacktestRequest request, const Layout& layout,
                         Table table,
                         std::unique_ptr<const balance::Planner> planner,
                         Store::Callback<BacktestResult> callback)
    : store_(store),
      loop_(loop),
      clock_(clock),
      request_(std::move(request)),
      present_(std::move(table)),
      backtest_(layout, request_.policy, std::move(planner)),
      callback_(std::move(callback)) {}

void BacktestRun::Continue() {
  const MonotonicTime begun = clock_.Monotonic();
  while (true) {
    if (processors_.samples.empty()) {
      if (processors_.all_read) {
        Finish();
      } else {
        ReadProcessors();
      }
      return;
    }
    const ProcessorSample& sample = processors_.samples.front();
    if (!TakeBuckets(sample.time)) return;
    if (epoch_ != sample.epoch) {
      ReadTable(sample.epoch);
      return;
    }
    if (absl::Status status = backtest_.AddProcessors(sample); !status.ok()) {
      Fail(std::move(status));
      return;
    }
    processors_.samples.pop_front();
    if (clock_.Monotonic() - begun >= kSlice) {
      loop_.Post([self = shared_from_this()] { self->Continue(); });
      return;
    }
  }
}

void BacktestRun::ReadProcessors() {
  store_.ListProcessorSamples(
      {request_.host, request_.from, request_.to, processors_.after,
       kProcessorPage},
      [self = shared_from_this()](
          absl::StatusOr<std::vector<StoredProcessorSample>> page) {
        if (!page.ok()) {
          self->Fail(page.status());
          return;
        }
        self->samples_ += static_cast<std::uint32_t>(page->size());
        if (self->samples_ > kMostSamples) {
          self->Fail(absl::ResourceExhaustedError(
              absl::StrCat("there are more than ", kMostSamples,
                           " reports of that time; choose less")));
          return;
        }
        self->processors_.all_read = page->size() < kProcessorPage;
        for (StoredProcessorSample& stored : *page) {
          self->processors_.after = stored.row;
          self->processors_.samples.push_back(std::move(stored.sample));
        }
        self->Continue();
      });
}

void BacktestRun::ReadBuckets() {
  // From before the first report on, so that its buckets' loads are known.
  store_.ListBucketSamples(
      {request_.host, request_.from - 2 * BalanceLoop::kBucketSampleInterval,
       request_.to, buckets_.after, kBucketPage},
      [self = shared_from_this()](
          absl::StatusOr<std::vector<StoredBucketSample>> page) {
        if (!page.ok()) {
          self->Fail(page.status());
          return;
        }
        self->buckets_.all_read = page->size() < kBucketPage;
        for (StoredBucketSample& stored : *page) {
          self->buckets_.after = stored.row;
          self->buckets_.samples.push_back(std::move(stored.sample));
        }
        self->Continue();
      });
}

bool BacktestRun::TakeBuckets(WallTime time) {
  while (!buckets_.samples.empty() && buckets_.samples.front().time <= time) {
    absl::Status status = backtest_.AddBuckets(buckets_.samples.front());
    if (!status.ok()) {
      Fail(std::move(status));
      return false;
    }
    buckets_.samples.pop_front();
  }
  if (!buckets_.samples.empty() || buckets_.all_read) return true;
  ReadBuckets();
  return false;
}

// Before any plan of ours the table was the first plan's base; without plans
// it is the present one.
void BacktestRun::ReadTable(Epoch epoch) {
  store_.GetPlan(
      request_.host, epoch == Epoch() ? Epoch(1) : epoch,
      [self = shared_from_this(), epoch](absl::StatusOr<PlanRecord> plan) {
        self->OnPlan(epoch, std::move(plan));
      });
}

void BacktestRun::OnPlan(Epoch epoch, absl::StatusOr<PlanRecord> plan) {
  if (absl::IsNotFound(plan.status()) && epoch == Epoch()) {
    UseTable(epoch, present_, {});
    return;
  }
  if (absl::IsNotFound(plan.status())) {
    Fail(absl::NotFoundError(absl::StrCat(
        "hosts/", request_.host, "/plans/", epoch.value(),
        ", whose table was in force then, is not kept; choose a later "
        "start")));
    return;
  }
  absl::Status status = plan.status();
  if (status.ok()) status = CheckMoves(*plan);
  if (!status.ok()) {
    Fail(std::move(status));
  } else if (epoch == Epoch()) {
    UseTable(epoch, TableBefore(*plan), {});
  } else {
    UseTable(epoch, TableAfter(*plan), MovesMade(*plan));
  }
}

void BacktestRun::UseTable(Epoch epoch, const Table& table,
                           const std::vector<Move>& moves) {
  if (absl::Status status = backtest_.SetRecordedTable(table, moves);
      !status.ok()) {
    Fail(std::move(status));
    return;
  }
  epoch_ = epoch;
  Continue();
}

void BacktestRun::Finish() {
  BacktestResult result = backtest_.Result();
  if (result.samples == 0) {
    Fail(absl::NotFoundError(absl::StrCat(
        "of host ", request_.host, " no loads are kept from ",
        FormatWallTime(request_.from), " to ", FormatWallTime(request_.to),
        "; list its loads to see which are")));
    return;
  }
  std::move(callback_)(std::move(result));
}

void BacktestRun::Fail(absl::Status status) {
  std::move(callback_)(std::move(status));
}

}  // namespace lb::controller
