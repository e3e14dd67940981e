#include "controller/store/sqlite_store.h"

#include <filesystem>
#include <future>
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

// Does `call` on a file's thread and waits for what it returns there.
template <class T, class FileThread, class Call>
T CallOn(FileThread& thread, Call call) {
  std::promise<T> promise;
  std::future<T> answer = promise.get_future();
  if (!thread.Do([call, promise = std::move(promise)](auto& db) mutable {
        promise.set_value(call(db.file()));
      })) {
    return absl::CancelledError("the store is being closed");
  }
  return answer.get();
}

// How a file is copied by its own thread.
template <class FileThread>
CopySteps CopyOn(FileThread& thread) {
  return {.begin =
              [&thread](const std::string& to) {
                return CallOn<absl::Status>(
                    thread, [to](auto& file) { return file.BeginCopy(to); });
              },
          .go_on =
              [&thread](int pages) {
                return CallOn<absl::StatusOr<bool>>(
                    thread,
                    [pages](auto& file) { return file.ContinueCopy(pages); });
              }};
}

}  // namespace

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
    : directory_(std::move(directory)),
      executor_(executor),
      clock_(clock),
      control_(std::move(control), options.inputs, executor, clock),
      telemetry_(std::move(telemetry), executor, clock),
      backup_thread_([this] { RunBackups(); }) {}

SqliteStore::~SqliteStore() {
  control_.Close();
  telemetry_.Close();
  backups_.Close();
  backup_thread_.join();
}

StoreStatistics SqliteStore::statistics() const {
  return {.control_bytes = BytesOf(directory_.control_path()),
          .telemetry_bytes = BytesOf(directory_.telemetry_path()),
          .dropped_samples = telemetry_.dropped_samples()};
}

void SqliteStore::Commit(Change change, Callback<Committed> callback) {
  control_.Commit(std::move(change), std::move(callback));
}

void SqliteStore::LoadState(WallTime moves_since,
                            Callback<StoredState> callback) {
  control_.Do([this, moves_since,
               callback = std::move(callback)](ControlDb& control) mutable {
    PostAnswer<StoredState>(executor_, control.LoadState(moves_since),
                            std::move(callback));
  });
}

void SqliteStore::GetPlan(std::string host, Epoch epoch,
                          Callback<PlanRecord> callback) {
  control_.Read<PlanRecord>(
      [host = std::move(host), epoch](Connection& db) {
        return ReadPlan(db, host, epoch);
      },
      std::move(callback));
}

void SqliteStore::GetProposal(std::string host, std::uint64_t id,
                              Callback<PlanRecord> callback) {
  control_.Read<PlanRecord>(
      [host = std::move(host), id](Connection& db) {
        return ReadProposal(db, host, id);
      },
      std::move(callback));
}

void SqliteStore::ListPlans(PlanPage page,
                            Callback<std::vector<PlanRecord>> callback) {
  control_.ReadPage<PlanRecord>(
      page.limit, kPlansAtOnce,
      [page](Connection& db, const PlanRecord* last, std::uint32_t limit) {
        return ReadPlans(
            db, {page.host, last == nullptr ? page.before : last->id, limit});
      },
      std::move(callback));
}

void SqliteStore::ListEvents(EventPage page,
                             Callback<std::vector<Event>> callback) {
  control_.ReadPage<Event>(
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
  control_.ReadPage<Event>(
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
  control_.Read<PolicyRecord>(
      [revision](Connection& db) { return ReadPolicy(db, revision); },
      std::move(callback));
}

void SqliteStore::GetDecision(std::string host, std::uint64_t revision,
                              Callback<DecisionRecord> callback) {
  control_.Read<DecisionRecord>(
      [host = std::move(host), revision](Connection& db) {
        return ReadDecision(db, host, revision);
      },
      std::move(callback));
}

void SqliteStore::FindRequest(std::string caller, std::string request_id,
                              Callback<RequestRecord> callback) {
  control_.Read<RequestRecord>(
      [caller = std::move(caller), request_id = std::move(request_id)](
          Connection& db) { return ReadRequest(db, caller, request_id); },
      std::move(callback));
}

void SqliteStore::ListAudit(std::uint64_t before, std::uint32_t limit,
                            Callback<std::vector<AuditRecord>> callback) {
  control_.ReadPage<AuditRecord>(
      limit, kRowsAtOnce,
      [before](Connection& db, const AuditRecord* last, std::uint32_t some) {
        return ReadAuditBefore(db, last == nullptr ? before : last->sequence,
                               some);
      },
      std::move(callback));
}

void SqliteStore::ListAuditAfter(std::uint64_t after, std::uint32_t limit,
                                 Callback<std::vector<AuditRecord>> callback) {
  control_.ReadPage<AuditRecord>(
      limit, kRowsAtOnce,
      [after](Connection& db, const AuditRecord* last, std::uint32_t some) {
        return ReadAuditAfter(db, last == nullptr ? after : last->sequence,
                              some);
      },
      std::move(callback));
}

void SqliteStore::ListProcessorSamples(
    SamplePage page, Callback<std::vector<StoredProcessorSample>> callback) {
  telemetry_.Read<std::vector<StoredProcessorSample>>(
      [page = std::move(page)](TelemetryDb& db) {
        return db.ReadProcessors(page);
      },
      std::move(callback));
}

void SqliteStore::ListBucketSamples(
    SamplePage page, Callback<std::vector<StoredBucketSample>> callback) {
  telemetry_.Read<std::vector<StoredBucketSample>>(
      [page = std::move(page)](TelemetryDb& db) {
        return db.ReadBuckets(page);
      },
      std::move(callback));
}

void SqliteStore::ListRollUps(RollUpPeriod period, SamplePage page,
                              Callback<std::vector<StoredRollUp>> callback) {
  telemetry_.Read<std::vector<StoredRollUp>>(
      [period, page = std::move(page)](TelemetryDb& db) {
        return db.ReadRollUps(period, page);
      },
      std::move(callback));
}

void SqliteStore::BackUp(std::string directory, Callback<BackupInfo> callback) {
  backups_.Push({std::move(directory), std::move(callback)});
}

void SqliteStore::Append(ProcessorSample sample) {
  telemetry_.Append(std::move(sample));
}

void SqliteStore::Append(BucketSample sample) {
  telemetry_.Append(std::move(sample));
}

void SqliteStore::RunBackups() {
  NameThread("backups");
  for (;;) {
    std::vector<WantedBackup> wanted = backups_.TakeAll();
    if (wanted.empty()) return;
    for (WantedBackup& backup : wanted) {
      PostAnswer(executor_,
                 MakeBackup(backup.directory, CopyOn(control_),
                            CopyOn(telemetry_), clock_.Wall()),
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
