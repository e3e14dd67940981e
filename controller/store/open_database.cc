#include "controller/store/open_database.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controller/store/file_copy.h"
#include "controller/store/private_file.h"

namespace lb::controller {
namespace {

absl::Status Damaged(const std::string& path, const std::string& what) {
  return absl::DataLossError(absl::StrCat(path, " ", what));
}

std::string PragmaSet(std::string_view name, std::int64_t value) {
  return absl::StrCat("PRAGMA ", ToAbsl(name), " = ", value, ";");
}

// All steps or none, so that a file is of the version it had or of this one.
absl::Status Migrate(Connection& db, const Schema& schema, std::int64_t from) {
  LB_RETURN_IF_ERROR(db.Execute("BEGIN IMMEDIATE;"));
  for (const std::string_view step :
       schema.migrations.subspan(static_cast<std::size_t>(from))) {
    LB_RETURN_IF_ERROR(db.Execute(std::string(step)));
  }
  LB_RETURN_IF_ERROR(db.Execute(PragmaSet("user_version", schema.version())));
  return db.Execute("COMMIT;");
}

// To go back to it is to restore. The first versions, and telemetry, know of no
// fence.
absl::Status FenceOldVersion(const std::string& path) {
  LB_ASSIGN_OR_RETURN(Connection copy, OpenCopy(path));
  LB_ASSIGN_OR_RETURN(
      const std::int64_t knows_fences,
      copy.QueryInt("SELECT count(*) FROM pragma_table_info('identity') "
                    "WHERE name = 'fenced'"));
  if (knows_fences == 0) return absl::OkStatus();
  LB_ASSIGN_OR_RETURN(const std::int64_t version,
                      copy.QueryInt("PRAGMA user_version"));
  return FenceCopy(copy, absl::StrCat("the file of version ", version,
                                      " that a newer program kept"));
}

// Keeps the file as it is beside itself, as FILE.before-vN, for who has to go
// back to an older program. The copy that an earlier migration left goes.
absl::Status KeepOldVersion(Connection& db, const Schema& schema) {
  const std::string kept = absl::StrCat(db.path(), ".before-v");
  const std::string path = absl::StrCat(kept, schema.version());
  LB_RETURN_IF_ERROR(CopyDatabase(db, path + ".new"));
  LB_RETURN_IF_ERROR(FenceOldVersion(path + ".new"));
  LB_RETURN_IF_ERROR(RenameDurably(path + ".new", path));
  for (const auto& entry :
       std::filesystem::directory_iterator(ParentOf(path))) {
    const std::string other = entry.path();
    if (other != path && absl::StartsWith(other, kept)) {
      std::error_code ignored;  // it does no harm
      std::filesystem::remove(other, ignored);
    }
  }
  return absl::OkStatus();
}

absl::Status Hold(Connection& db, Durability durability) {
  LB_RETURN_IF_ERROR(
      db.Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA foreign_keys = ON;"));
  // Without this, a write ahead log would be made before the lock is held.
  LB_RETURN_IF_ERROR(db.Execute("BEGIN EXCLUSIVE; COMMIT;"));
  const absl::StatusOr<std::string> mode =
      db.QueryText("PRAGMA journal_mode = WAL");
  if (!mode.ok()) return mode.status();
  if (*mode != "wal") {
    return absl::InternalError(absl::StrCat(
        db.path(), ": journal mode is ", *mode,
        ", not wal; put the data directory on a local file system"));
  }
  // KiB. The pages that a group of changes writes have room in it: without,
  // they go to the log one by one and are read back. What a savepoint keeps
  // stays in memory, too.
  LB_RETURN_IF_ERROR(
      db.Execute("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;"));
  LB_RETURN_IF_ERROR(db.Execute(durability == Durability::kEveryCommit
                                    ? "PRAGMA synchronous = FULL;"
                                    : "PRAGMA synchronous = NORMAL;"));
  return db.Execute("BEGIN EXCLUSIVE; COMMIT;");
}

absl::Status CheckKind(Connection& db, const Schema& schema) {
  LB_ASSIGN_OR_RETURN(const std::int64_t id,
                      db.QueryInt("PRAGMA application_id"));
  LB_ASSIGN_OR_RETURN(const std::int64_t version,
                      db.QueryInt("PRAGMA user_version"));
  if (id != schema.application_id) {
    return Damaged(db.path(), absl::StrCat("is not a ", ToAbsl(schema.name),
                                           " database of lb-controller"));
  }
  if (version > schema.version()) {
    return absl::FailedPreconditionError(absl::StrCat(
        db.path(), " has version ", version, ", this program knows ",
        schema.version(),
        "; use a newer lb-controller, or restore a backup made before"));
  }
  if (version < 1) {
    return Damaged(db.path(), absl::StrCat("has version ", version));
  }
  return absl::OkStatus();
}

absl::Status CheckContent(Connection& db) {
  const absl::StatusOr<std::string> check =
      db.QueryText("PRAGMA quick_check(1)");
  if (!check.ok()) return check.status();
  if (*check != "ok") return Damaged(db.path(), "is damaged: " + *check);
  LB_ASSIGN_OR_RETURN(
      const std::int64_t sentinel,
      db.QueryInt("SELECT count(*) FROM identity WHERE sentinel = 1"));
  if (sentinel != 1) return Damaged(db.path(), "was emptied");
  return absl::OkStatus();
}

// SQL of ours that fails as such finds something else than the file should be.
absl::Status AsDamage(const absl::Status& status) {
  return absl::IsUnknown(status) ? absl::DataLossError(status.message())
                                 : status;
}

// SQLite's words for what is wrong with a file, with the next step.
absl::Status Explain(const absl::Status& status, const std::string& path,
                     const Schema& schema) {
  if (absl::IsUnavailable(status)) {
    return absl::UnavailableError(absl::StrCat(
        path,
        " is held by another process; stop it, or use another data "
        "directory"));
  }
  if (absl::IsDataLoss(status)) {
    return absl::DataLossError(
        absl::StrCat(status.message(), "; ", ToAbsl(schema.next_step)));
  }
  return status;
}

absl::StatusOr<Connection> OpenChecked(const std::string& path,
                                       const Schema& schema,
                                       Durability durability) {
  LB_ASSIGN_OR_RETURN(Connection db, Connection::Open(path, false));
  // Nothing is written before the kind of the file is known; reading it
  // exclusively keeps every other process out meanwhile.
  LB_RETURN_IF_ERROR(db.Execute("PRAGMA locking_mode = EXCLUSIVE;"));
  LB_RETURN_IF_ERROR(AsDamage(CheckKind(db, schema)));
  LB_RETURN_IF_ERROR(AsDamage(CheckContent(db)));
  LB_RETURN_IF_ERROR(Hold(db, durability));
  LB_ASSIGN_OR_RETURN(const std::int64_t version,
                      db.QueryInt("PRAGMA user_version"));
  if (version < schema.version()) {
    LB_RETURN_IF_ERROR(KeepOldVersion(db, schema));
    LB_RETURN_IF_ERROR(Migrate(db, schema, version));
  }
  return db;
}

}  // namespace

absl::Status CreateDatabase(
    const std::string& path, const Schema& schema,
    const std::function<absl::Status(Connection&)>& fill) {
  const std::string fresh = path + ".new";
  for (const char* suffix : {"-journal", "-wal", "-shm"}) {
    std::error_code ignored;  // of a creation cut short; usually there is none
    std::filesystem::remove(fresh + suffix, ignored);
  }
  LB_RETURN_IF_ERROR(CreatePrivateFile(fresh));
  {
    LB_ASSIGN_OR_RETURN(Connection db, Connection::Open(fresh, false));
    LB_RETURN_IF_ERROR(
        db.Execute(PragmaSet("application_id", schema.application_id)));
    LB_RETURN_IF_ERROR(Migrate(db, schema, 0));
    LB_RETURN_IF_ERROR(fill(db));
  }
  return RenameDurably(fresh, path);
}

absl::StatusOr<Connection> OpenDatabase(const std::string& path,
                                        const Schema& schema,
                                        Durability durability) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return ErrnoStatus(errno, path);
  absl::StatusOr<Connection> db = status.st_size == 0
                                      ? Damaged(path, "is empty")
                                      : OpenChecked(path, schema, durability);
  if (!db.ok()) return Explain(db.status(), path, schema);
  return db;
}

absl::StatusOr<Connection> ReopenDatabase(const std::string& path,
                                          Durability durability) {
  LB_ASSIGN_OR_RETURN(Connection db, Connection::Open(path, false));
  LB_RETURN_IF_ERROR(Hold(db, durability));
  return db;
}

}  // namespace lb::controller
