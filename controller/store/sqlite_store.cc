#include "controller/store/sqlite_store.h"

#include <filesystem>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace lb::controller {
namespace {

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(
    const std::string& directory, Executor& executor, const Clock& clock) {
  LB_ASSIGN_OR_RETURN(DataDirectory held, DataDirectory::Hold(directory));
  if (!Exists(held.control_path())) {
    if (Exists(held.telemetry_path())) {
      return absl::DataLossError(
          absl::StrCat(held.control_path(),
                       " is missing beside telemetry.db; restore it "
                       "from a backup, or move telemetry.db away to "
                       "begin a new store"));
    }
    LB_RETURN_IF_ERROR(ControlDb::Create(held.control_path(), clock.Wall()));
  }
  LB_ASSIGN_OR_RETURN(ControlDb control,
                      ControlDb::Open(held.control_path(), clock.Wall()));
  LB_ASSIGN_OR_RETURN(
      TelemetryDb telemetry,
      TelemetryDb::Open(held.telemetry_path(), control.identity().store_id,
                        clock.Wall()));
  return std::unique_ptr<SqliteStore>(new SqliteStore(
      std::move(held), std::move(control), std::move(telemetry), executor));
}

SqliteStore::SqliteStore(DataDirectory directory, ControlDb control,
                         TelemetryDb telemetry, Executor& executor)
    : directory_(std::move(directory)),
      identity_(control.identity()),
      executor_(executor),
      control_(std::move(control)),
      telemetry_(std::move(telemetry)),
      work_(kUnbounded),
      samples_(kMostSamples),
      control_thread_([this] { RunControl(); }),
      telemetry_thread_([this] { RunTelemetry(); }) {}

SqliteStore::~SqliteStore() {
  work_.Close();
  samples_.Close();
  control_thread_.join();
  telemetry_thread_.join();
}

void SqliteStore::Commit(Change change, Callback<Committed> callback) {
  work_.Push(Write{std::move(change), std::move(callback)});
}

template <class T, class ReadFrom>
void SqliteStore::PostRead(ReadFrom read, Callback<T> callback) {
  work_.Push(Read([this, read = std::move(read),
                   callback = std::move(callback)](ControlDb& db) mutable {
    executor_.Post([result = absl::StatusOr<T>(read(db)),
                    callback = std::move(callback)]() mutable {
      std::move(callback)(std::move(result));
    });
  }));
}

void SqliteStore::LoadState(WallTime moves_since,
                            Callback<StoredState> callback) {
  PostRead<StoredState>(
      [moves_since](ControlDb& db) { return db.LoadState(moves_since); },
      std::move(callback));
}

void SqliteStore::GetPlan(std::string host, Epoch epoch,
                          Callback<PlanRecord> callback) {
  PostRead<PlanRecord>([host = std::move(host), epoch](
                           ControlDb& db) { return db.GetPlan(host, epoch); },
                       std::move(callback));
}

void SqliteStore::GetProposal(std::string host, std::uint64_t id,
                              Callback<PlanRecord> callback) {
  PostRead<PlanRecord>([host = std::move(host),
                        id](ControlDb& db) { return db.GetProposal(host, id); },
                       std::move(callback));
}

void SqliteStore::ListPlans(PlanPage page,
                            Callback<std::vector<PlanRecord>> callback) {
  PostRead<std::vector<PlanRecord>>(
      [page = std::move(page)](ControlDb& db) { return db.ListPlans(page); },
      std::move(callback));
}

void SqliteStore::ListEvents(EventPage page,
                             Callback<std::vector<Event>> callback) {
  PostRead<std::vector<Event>>(
      [page = std::move(page)](ControlDb& db) { return db.ListEvents(page); },
      std::move(callback));
}

void SqliteStore::ListEventsAfter(std::string host, std::uint64_t after,
                                  std::uint32_t limit,
                                  Callback<std::vector<Event>> callback) {
  PostRead<std::vector<Event>>(
      [host = std::move(host), after, limit](ControlDb& db) {
        return db.ListEventsAfter(host, after, limit);
      },
      std::move(callback));
}

void SqliteStore::Append(ProcessorSample sample) {
  PostSample(std::move(sample));
}

void SqliteStore::Append(BucketSample sample) { PostSample(std::move(sample)); }

void SqliteStore::PostSample(Sample sample) {
  if (!samples_.Push(std::move(sample))) ++dropped_samples_;
}

std::size_t SqliteStore::CommitGroup(std::vector<Work>& work,
                                     std::size_t first) {
  std::vector<Change> changes;
  std::size_t last = first;
  while (last < work.size() && changes.size() < kMostGrouped) {
    Write* write = std::get_if<Write>(&work[last]);
    if (write == nullptr) break;
    changes.push_back(std::move(write->change));
    ++last;
  }
  std::vector<absl::StatusOr<Committed>> results = control_.Commit(changes);
  for (std::size_t i = first; i < last; ++i) {
    executor_.Post(
        [result = std::move(results[i - first]),
         callback = std::move(std::get<Write>(work[i]).callback)]() mutable {
          std::move(callback)(std::move(result));
        });
  }
  return last;
}

void SqliteStore::RunControl() {
  for (;;) {
    std::vector<Work> work = work_.TakeAll();
    if (work.empty()) return;
    for (std::size_t i = 0; i < work.size();) {
      if (Read* read = std::get_if<Read>(&work[i])) {
        std::move (*read)(control_);
        ++i;
      } else {
        i = CommitGroup(work, i);
      }
    }
  }
}

void SqliteStore::RunTelemetry() {
  bool failing = false;
  for (;;) {
    const std::vector<Sample> samples = samples_.TakeAll();
    if (samples.empty()) return;
    const absl::Status status = telemetry_.Append(samples);
    if (!status.ok()) dropped_samples_ += samples.size();
    if (status.ok() == failing) {
      failing = !status.ok();
      if (failing) {
        spdlog::error("telemetry is not kept: {}", OneLine(status));
      } else {
        spdlog::info("telemetry is kept again; {} samples were dropped",
                     dropped_samples_.load());
      }
    }
  }
}

ExitCode ExitCodeOf(const absl::Status& open_error) {
  switch (open_error.code()) {
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kFailedPrecondition:
      return kExitDamagedStore;
    case absl::StatusCode::kUnavailable:
      return kExitStoreBusy;
    default:
      return kExitFailure;
  }
}

}  // namespace lb::controller
