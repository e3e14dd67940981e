#include "controller/store/sqlite_store.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/thread_name.h"
#include "controller/store/audit_rows.h"
#include "controller/store/decision_rows.h"
#include "controller/store/event_rows.h"
#include "controller/store/plan_rows.h"
#include "controller/store/policy_rows.h"
#include "controller/store/request_rows.h"

namespace lb::controller {
namespace {

constexpr std::chrono::minutes kPruneInterval{1};
// Samples wait so long for others: a transaction for all costs less.
constexpr std::chrono::milliseconds kTelemetryPatience{200};

// Rows that take no more than 2 ms to read. A plan has its table in it.
constexpr std::uint32_t kRowsAtOnce = 256;
constexpr std::uint32_t kPlansAtOnce = 16;

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Of a database and its write ahead log.
std::uint64_t BytesOf(const std::string& path) {
  std::uint64_t bytes = 0;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code error;  // there need not be a log
    const std::uintmax_t size =
        std::filesystem::file_size(path + suffix, error);
    if (!error) bytes += size;
  }
  return bytes;
}

absl::StatusOr<ControlDb> OpenControl(const DataDirectory& directory,
                                      WallTime now) {
  const std::string path = directory.control_path();
  if (!Exists(path)) {
    if (Exists(directory.telemetry_path())) {
      return absl::DataLossError(
          absl::StrCat(path,
                       " is missing beside telemetry.db; restore it "
                       "from a backup, or move telemetry.db away to "
                       "begin a new store"));
    }
    LB_RETURN_IF_ERROR(ControlDb::Create(path, now));
  }
  return ControlDb::Open(path, now);
}

absl::StatusOr<TelemetryDb> OpenTelemetry(const StoreOptions& options,
                                          const DataDirectory& directory,
                                          const std::string& store_id,
                                          WallTime now) {
  const auto open = [&] {
    return TelemetryDb::Open(directory.telemetry_path(), store_id,
                             options.telemetry_limit_bytes, now);
  };
  absl::StatusOr<TelemetryDb> telemetry = open();
  if (telemetry.ok() || !options.set_aside_telemetry ||
      ExitCodeOf(telemetry.status()) != kExitDamagedStore) {
    return telemetry;
  }
  LB_ASSIGN_OR_RETURN(const std::string aside,
                      SetAside(directory.telemetry_path(), now));
  spdlog::warn("telemetry begins anew, the old file is now {}: {}", aside,
               OneLine(telemetry.status()));
  return open();
}

// Pushes `call` to a file's queue and waits for what it returns there.
template <class T, class Db, class Queue, class Call>
T CallOn(Queue& queue, Call call) {
  std::promise<T> promise;
  std::future<T> answer = promise.get_future();
  absl::AnyInvocable<void(Db&)&&> task =
      [call, promise = std::move(promise)](Db& db) mutable {
        promise.set_value(call(db));
      };
  if (!queue.Push(std::move(task))) {
    return absl::CancelledError("the store is being closed");
  }
  return answer.get();
}

// How the file behind `queue` is copied by its own thread.
template <class Db, class Queue>
CopySteps CopyOn(Queue& queue) {
  return {.begin =
              [&queue](const std::string& to) {
                return CallOn<absl::Status, Db>(
                    queue, [to](Db& db) { return db.file().BeginCopy(to); });
              },
          .go_on =
              [&queue](int pages) {
                return CallOn<absl::StatusOr<bool>, Db>(queue, [pages](Db& db) {
                  return db.file().ContinueCopy(pages);
                });
              }};
}

}  // namespace

StoreIdentity SqliteStore::SharedIdentity::Get() const {
  const std::lock_guard lock(mutex_);
  return identity_;
}

void SqliteStore::SharedIdentity::Adopt(Term term) {
  const std::lock_guard lock(mutex_);
  identity_.term = identity_.adopted_term = term;
  identity_.fenced.clear();
}

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(
    const StoreOptions& options, Executor& executor, const Clock& clock) {
  LB_ASSIGN_OR_RETURN(DataDirectory held,
                      DataDirectory::Hold(options.directory));
  LB_ASSIGN_OR_RETURN(ControlDb control, OpenControl(held, clock.Wall()));
  LB_ASSIGN_OR_RETURN(
      TelemetryDb telemetry,
      OpenTelemetry(options, held, control.identity().store_id, clock.Wall()));
  return std::unique_ptr<SqliteStore>(
      new SqliteStore(options, std::move(held), std::move(control),
                      std::move(telemetry), executor, clock));
}

SqliteStore::SqliteStore(const StoreOptions& options, DataDirectory directory,
                         ControlDb control, TelemetryDb telemetry,
                         Executor& executor, const Clock& clock)
    : options_(options),
      directory_(std::move(directory)),
      identity_(std::make_shared<SharedIdentity>(control.identity())),
      executor_(executor),
      clock_(clock),
      control_(std::move(control)),
      telemetry_(std::move(telemetry)),
      control_thread_([this] { RunControl(); }),
      telemetry_thread_([this] { RunTelemetry(); }),
      backup_thread_([this] { RunBackups(); }) {}

SqliteStore::~SqliteStore() {
  control_work_.Close();
  telemetry_work_.Close();
  backups_.Close();
  control_thread_.join();
  telemetry_thread_.join();
  backup_thread_.join();
}

StoreStatistics SqliteStore::statistics() const {
  return {.control_bytes = BytesOf(directory_.control_path()),
          .telemetry_bytes = BytesOf(directory_.telemetry_path()),
          .dropped_samples = dropped_samples_};
}

template <class T>
void SqliteStore::Answer(absl::StatusOr<T> result, Callback<T> callback) {
  executor_.Post(
      [result = std::move(result), callback = std::move(callback)]() mutable {
        std::move(callback)(std::move(result));
      });
}

void SqliteStore::Commit(Change change, Callback<Committed> callback) {
  control_work_.Push(Write{std::move(change), std::move(callback)});
}

template <class T, class ReadFrom>
void SqliteStore::ReadControl(ReadFrom read, Callback<T> callback) {
  control_work_.Push(
      ControlTask([this, read = std::move(read),
                   callback = std::move(callback)](ControlDb& control) mutable {
        const absl::StatusOr<Connection*> db = control.file().Connect();
        Answer<T>(db.ok() ? absl::StatusOr<T>(read(**db)) : db.status(),
                  std::move(callback));
      }));
}

template <class T, class ReadFrom>
void SqliteStore::ReadPage(std::uint32_t limit, std::uint32_t at_once,
                           ReadFrom read, Callback<std::vector<T>> callback,
                           std::vector<T> found) {
  ControlWork work =
      ControlTask([this, limit, at_once, read, callback = std::move(callback),
                   found = std::move(found)](ControlDb& control) mutable {
        const auto wanted = static_cast<std::uint32_t>(
            std::min<std::size_t>(limit - found.size(), at_once));
        const absl::StatusOr<Connection*> db = control.file().Connect();
        absl::StatusOr<std::vector<T>> rows =
            db.ok()
                ? read(**db, found.empty() ? nullptr : &found.back(), wanted)
                : db.status();
        if (!rows.ok()) {
          Answer<std::vector<T>>(rows.status(), std::move(callback));
          return;
        }
        std::move(rows->begin(), rows->end(), std::back_inserter(found));
        if (rows->size() < wanted || found.size() == limit) {
          Answer<std::vector<T>>(std::move(found), std::move(callback));
        } else {
          ReadPage<T>(limit, at_once, std::move(read), std::move(callback),
                      std::move(found));
        }
      });
  if (control_work_.Push(std::move(work))) return;
  // The store is being closed: what was begun is brought to its end.
  std::move(std::get<ControlTask>(work))(control_);
}

template <class T, class ReadFrom>
void SqliteStore::ReadTelemetry(ReadFrom read, Callback<T> callback) {
  telemetry_work_.Push(TelemetryTask(
      [this, read = std::move(read),
       callback = std::move(callback)](TelemetryDb& telemetry) mutable {
        Answer<T>(read(telemetry), std::move(callback));
      }));
}

void SqliteStore::LoadState(WallTime moves_since,
                            Callback<StoredState> callback) {
  control_work_.Push(ControlTask([this, moves_since,
                                  callback = std::move(callback)](
                                     ControlDb& control) mutable {
    Answer<StoredState>(control.LoadState(moves_since), std::move(callback));
  }));
}

void SqliteStore::GetPlan(std::string host, Epoch epoch,
                          Callback<PlanRecord> callback) {
  ReadControl<PlanRecord>(
      [host = std::move(host), epoch](Connection& db) {
        return ReadPlan(db, host, epoch);
      },
      std::move(callback));
}

void SqliteStore::GetProposal(std::string host, std::uint64_t id,
                              Callback<PlanRecord> callback) {
  ReadControl<PlanRecord>(
      [host = std::move(host), id](Connection& db) {
        return ReadProposal(db, host, id);
      },
      std::move(callback));
}

void SqliteStore::ListPlans(PlanPage page,
                            Callback<std::vector<PlanRecord>> callback) {
  ReadPage<PlanRecord>(
      page.limit, kPlansAtOnce,
      [page](Connection& db, const PlanRecord* last, std::uint32_t limit) {
        return ReadPlans(
            db, {page.host, last == nullptr ? page.before : last->id, limit});
      },
      std::move(callback));
}

void SqliteStore::ListEvents(EventPage page,
                             Callback<std::vector<Event>> callback) {
  ReadPage<Event>(
      page.limit, kRowsAtOnce,
      [page](Connection& db, const Event* last, std::uint32_t limit) {
        return ReadEventsBefore(
            db,
            {page.host, last == nullptr ? page.before : last->revision, limit});
      },
      std::move(callback));
}

void SqliteStore::ListEventsAfter(std::string host, std::uint64_t after,
                                  std::uint32_t limit,
                                  Callback<std::vector<Event>> callback) {
  ReadPage<Event>(
      limit, kRowsAtOnce,
      [host = std::move(host), after](Connection& db, const Event* last,
                                      std::uint32_t some) {
        return ReadEventsAfter(db, host,
                               last == nullptr ? after : last->revision, some);
      },
      std::move(callback));
}

void SqliteStore::GetPolicy(std::uint64_t revision,
                            Callback<PolicyRecord> callback) {
  ReadControl<PolicyRecord>(
      [revision](Connection& db) { return ReadPolicy(db, revision); },
      std::move(callback));
}

void SqliteStore::GetDecision(std::string host, std::uint64_t revision,
                              Callback<DecisionRecord> callback) {
  ReadControl<DecisionRecord>(
      [host = std::move(host), revision](Connection& db) {
        return ReadDecision(db, host, revision);
      },
      std::move(callback));
}

void SqliteStore::FindRequest(std::string caller, std::string request_id,
                              Callback<RequestRecord> callback) {
  ReadControl<RequestRecord>(
      [caller = std::move(caller), request_id = std::move(request_id)](
          Connection& db) { return ReadRequest(db, caller, request_id); },
      std::move(callback));
}

void SqliteStore::ListAudit(std::uint64_t before, std::uint32_t limit,
                            Callback<std::vector<AuditRecord>> callback) {
  ReadPage<AuditRecord>(
      limit, kRowsAtOnce,
      [before](Connection& db, const AuditRecord* last, std::uint32_t some) {
        return ReadAuditBefore(db, last == nullptr ? before : last->sequence,
                               some);
      },
      std::move(callback));
}

void SqliteStore::ListAuditAfter(std::uint64_t after, std::uint32_t limit,
                                 Callback<std::vector<AuditRecord>> callback) {
  ReadPage<AuditRecord>(
      limit, kRowsAtOnce,
      [after](Connection& db, const AuditRecord* last, std::uint32_t some) {
        return ReadAuditAfter(db, last == nullptr ? after : last->sequence,
                              some);
      },
      std::move(callback));
}

void SqliteStore::ListProcessorSamples(
    SamplePage page, Callback<std::vector<StoredProcessorSample>> callback) {
  ReadTelemetry<std::vector<StoredProcessorSample>>(
      [page = std::move(page)](TelemetryDb& db) {
        return db.ReadProcessors(page);
      },
      std::move(callback));
}

void SqliteStore::ListBucketSamples(
    SamplePage page, Callback<std::vector<StoredBucketSample>> callback) {
  ReadTelemetry<std::vector<StoredBucketSample>>(
      [page = std::move(page)](TelemetryDb& db) {
        return db.ReadBuckets(page);
      },
      std::move(callback));
}

void SqliteStore::ListRollUps(RollUpPeriod period, SamplePage page,
                              Callback<std::vector<StoredRollUp>> callback) {
  ReadTelemetry<std::vector<StoredRollUp>>(
      [period, page = std::move(page)](TelemetryDb& db) {
        return db.ReadRollUps(period, page);
      },
      std::move(callback));
}

void SqliteStore::BackUp(std::string directory, Callback<BackupInfo> callback) {
  backups_.Push({std::move(directory), std::move(callback)});
}

void SqliteStore::Append(ProcessorSample sample) {
  PostSample(std::move(sample));
}

void SqliteStore::Append(BucketSample sample) { PostSample(std::move(sample)); }

void SqliteStore::PostSample(Sample sample) {
  if (!telemetry_work_.PushPatiently(kMostSamples, std::move(sample))) {
    ++dropped_samples_;
  }
}

void SqliteStore::RunControl() {
  NameThread("control.db");
  for (;;) {
    std::vector<ControlWork> work = control_work_.TakeAll();
    if (work.empty()) return;
    for (std::size_t i = 0; i < work.size();) {
      if (auto* task = std::get_if<ControlTask>(&work[i])) {
        std::move (*task)(control_);
        ++i;
      } else {
        i = CommitGroup(work, i);
        PruneIfDue();
      }
    }
  }
}

std::size_t SqliteStore::CommitGroup(std::vector<ControlWork>& work,
                                     std::size_t first) {
  std::vector<Change> changes;
  std::size_t last = first;
  while (last < work.size() && changes.size() < kMostGrouped) {
    Write* write = std::get_if<Write>(&work[last]);
    if (write == nullptr) break;
    changes.push_back(std::move(write->change));
    ++last;
  }
  std::vector<absl::StatusOr<Committed>> results =
      control_.Commit(changes, clock_.Wall());
  for (std::size_t i = first; i < last; ++i) {
    Deliver(changes[i - first].adopt, std::move(results[i - first]),
            std::move(std::get<Write>(work[i]).callback));
  }
  return last;
}

void SqliteStore::Deliver(std::optional<Term> adopted,
                          absl::StatusOr<Committed> result,
                          Callback<Committed> callback) {
  executor_.Post([identity = identity_, adopted, result = std::move(result),
                  callback = std::move(callback)]() mutable {
    if (adopted && result.ok()) identity->Adopt(*adopted);
    std::move(callback)(std::move(result));
  });
}

void SqliteStore::PruneIfDue() {
  if (pruning_ || clock_.Monotonic() < next_prune_) return;
  pruning_ = control_work_.Push(
      ControlTask([this](ControlDb& control) { PruneStep(control); }));
}

void SqliteStore::PruneStep(ControlDb& control) {
  const absl::StatusOr<bool> more =
      control.Prune(options_.inputs, clock_.Wall());
  pruning_ = false;
  if (!more.ok())
    spdlog::warn("inputs are not pruned: {}", OneLine(more.status()));
  if (!more.ok() || !*more) next_prune_ = clock_.Monotonic() + kPruneInterval;
  PruneIfDue();
}

void SqliteStore::RunTelemetry() {
  NameThread("telemetry.db");
  for (;;) {
    std::vector<TelemetryWork> work =
        telemetry_work_.TakeAll(kTelemetryPatience);
    if (work.empty()) return;
    for (std::size_t i = 0; i < work.size();) {
      if (auto* task = std::get_if<TelemetryTask>(&work[i])) {
        std::move (*task)(telemetry_);
        ++i;
      } else {
        i = AppendGroup(work, i);
      }
    }
  }
}

std::size_t SqliteStore::AppendGroup(std::vector<TelemetryWork>& work,
                                     std::size_t first) {
  std::vector<Sample> samples;
  std::size_t last = first;
  for (; last < work.size(); ++last) {
    Sample* sample = std::get_if<Sample>(&work[last]);
    if (sample == nullptr) break;
    samples.push_back(std::move(*sample));
  }
  const absl::Status status = telemetry_.Append(samples);
  if (!status.ok()) dropped_samples_ += samples.size();
  if (status.ok() == telemetry_fails_) {
    telemetry_fails_ = !status.ok();
    if (telemetry_fails_) {
      spdlog::error("telemetry is not kept: {}", OneLine(status));
    } else {
      spdlog::info("telemetry is kept again; {} samples were dropped",
                   dropped_samples_.load());
    }
  }
  return last;
}

void SqliteStore::RunBackups() {
  NameThread("backups");
  for (;;) {
    std::vector<WantedBackup> wanted = backups_.TakeAll();
    if (wanted.empty()) return;
    for (WantedBackup& backup : wanted) {
      Answer(MakeBackup(backup.directory, CopyOn<ControlDb>(control_work_),
                        CopyOn<TelemetryDb>(telemetry_work_), clock_.Wall()),
             std::move(backup.callback));
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
