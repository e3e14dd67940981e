#include "controller/store/open_database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace lb::controller {
namespace {

constexpr char kNextStep[] =
    "; restore it from a backup, or move the data directory away to begin a "
    "new store";

absl::Status Damaged(const std::string& path, const std::string& what) {
  return absl::DataLossError(absl::StrCat(path, " ", what, kNextStep));
}

// sqlite3 creates files by the umask; an empty one of ours comes first, and
// SQLite gives its side files the same mode.
absl::Status CreateEmptyFile(const std::string& path) {
  const int fd =
      open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, path);
  close(fd);
  return absl::OkStatus();
}

absl::Status SyncFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, path);
  const int result = fsync(fd);
  const int error = errno;
  close(fd);
  return result == 0 ? absl::OkStatus() : ErrnoStatus(error, path);
}

std::string PragmaSet(std::string_view name, std::int64_t value) {
  return absl::StrCat("PRAGMA ", ToAbsl(name), " = ", value, ";");
}

absl::Status Migrate(Connection& db, const Schema& schema, std::int64_t from) {
  for (std::int64_t version = from; version < schema.version(); ++version) {
    LB_RETURN_IF_ERROR(db.Execute("BEGIN IMMEDIATE;"));
    LB_RETURN_IF_ERROR(db.Execute(
        std::string(schema.migrations[static_cast<std::size_t>(version)])));
    LB_RETURN_IF_ERROR(db.Execute(PragmaSet("user_version", version + 1)));
    LB_RETURN_IF_ERROR(db.Execute("COMMIT;"));
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

// SQLite's words for what is wrong with a file, with the next step.
absl::Status Explain(const absl::Status& status, const std::string& path) {
  if (absl::IsUnavailable(status)) {
    return absl::UnavailableError(absl::StrCat(
        path,
        " is held by another process; stop it, or use another data "
        "directory"));
  }
  if (absl::IsDataLoss(status) &&
      !absl::StrContains(status.message(), kNextStep)) {
    return absl::DataLossError(absl::StrCat(status.message(), kNextStep));
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
  LB_RETURN_IF_ERROR(CheckKind(db, schema));
  LB_RETURN_IF_ERROR(CheckContent(db));
  LB_RETURN_IF_ERROR(Hold(db, durability));
  LB_ASSIGN_OR_RETURN(const std::int64_t version,
                      db.QueryInt("PRAGMA user_version"));
  LB_RETURN_IF_ERROR(Migrate(db, schema, version));
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
  LB_RETURN_IF_ERROR(CreateEmptyFile(fresh));
  {
    LB_ASSIGN_OR_RETURN(Connection db, Connection::Open(fresh, false));
    LB_RETURN_IF_ERROR(
        db.Execute(PragmaSet("application_id", schema.application_id)));
    LB_RETURN_IF_ERROR(Migrate(db, schema, 0));
    LB_RETURN_IF_ERROR(fill(db));
  }
  LB_RETURN_IF_ERROR(SyncFile(fresh));
  if (std::rename(fresh.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(errno, path);
  }
  return SyncFile(std::filesystem::path(path).parent_path());
}

absl::StatusOr<Connection> OpenDatabase(const std::string& path,
                                        const Schema& schema,
                                        Durability durability) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return ErrnoStatus(errno, path);
  if (status.st_size == 0) return Damaged(path, "is empty");
  absl::StatusOr<Connection> db = OpenChecked(path, schema, durability);
  if (!db.ok()) return Explain(db.status(), path);
  return db;
}

absl::StatusOr<Connection> ReopenDatabase(const std::string& path,
                                          Durability durability) {
  LB_ASSIGN_OR_RETURN(Connection db, Connection::Open(path, false));
  LB_RETURN_IF_ERROR(Hold(db, durability));
  return db;
}

}  // namespace lb::controller
