#include "controller/store/file_copy.h"

#include <utility>

#include "common/status.h"
#include "controller/store/private_file.h"
#include "sqlite3.h"

namespace lb::controller {

void FileCopy::Finisher::operator()(sqlite3_backup* backup) const {
  sqlite3_backup_finish(backup);
}

absl::StatusOr<FileCopy> FileCopy::Begin(Connection& from,
                                         const std::string& to) {
  LB_RETURN_IF_ERROR(CreatePrivateFile(to));
  LB_ASSIGN_OR_RETURN(Connection copy, Connection::Open(to, false));
  // It is of use only when it is whole: nothing is to be rolled back, and who
  // relies on it syncs it. Little is kept in memory.
  LB_RETURN_IF_ERROR(
      copy.Execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
                   "PRAGMA cache_size = 64;"));
  sqlite3_backup* backup = sqlite3_backup_init(copy.database_.get(), "main",
                                               from.database_.get(), "main");
  if (backup == nullptr) {
    return copy.Error(sqlite3_extended_errcode(copy.database_.get()));
  }
  return FileCopy(std::move(copy), backup);
}

absl::StatusOr<bool> FileCopy::Continue(int pages) {
  const int code = sqlite3_backup_step(backup_.get(), pages);
  if (code == SQLITE_OK) return false;
  if (code == SQLITE_DONE) return true;
  return to_.Error(code);
}

absl::Status CopyDatabase(Connection& from, const std::string& to) {
  LB_ASSIGN_OR_RETURN(FileCopy copy, FileCopy::Begin(from, to));
  const absl::StatusOr<bool> done = copy.Continue(-1);
  return done.status();
}

absl::StatusOr<Connection> OpenCopy(const std::string& path) {
  LB_ASSIGN_OR_RETURN(Connection copy, Connection::Open(path, false));
  LB_RETURN_IF_ERROR(copy.Execute("PRAGMA journal_mode = DELETE;"));
  return copy;
}

absl::Status FenceCopy(Connection& copy, const std::string& why) {
  LB_ASSIGN_OR_RETURN(Statement fence,
                      copy.Prepare("UPDATE identity SET fenced = ?"));
  return fence.Bind(why + "; adopt it if the original is gone").Run();
}

}  // namespace lb::controller
