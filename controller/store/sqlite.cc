#include "controller/store/sqlite.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "sqlite3.h"

namespace lb::controller {
namespace {

absl::StatusCode CodeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CANTOPEN:
      return absl::StatusCode::kNotFound;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return absl::StatusCode::kPermissionDenied;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kInvalidArgument;
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_ERROR:  // such as a table that is not there
      return absl::StatusCode::kUnknown;
    default:
      return absl::StatusCode::kInternal;
  }
}

absl::Status ErrorOf(sqlite3* database, int code) {
  const char* path = sqlite3_db_filename(database, "main");
  // The connection has words of its own only for what it failed at last.
  const char* words = sqlite3_extended_errcode(database) == code
                          ? sqlite3_errmsg(database)
                          : sqlite3_errstr(code);
  return absl::Status(
      CodeOf(code),
      absl::StrCat(path == nullptr ? "database" : path, ": ", words));
}

int NoteLogPages(void* log_pages, sqlite3* /*database*/, const char* /*schema*/,
                 int pages) {
  *static_cast<int*>(log_pages) = pages;
  return SQLITE_OK;
}

}  // namespace

StatementCache::~StatementCache() {
  for (const auto& [sql, statements] : idle_) {
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  }
}

sqlite3_stmt* StatementCache::Take(const std::string& sql) {
  const auto found = idle_.find(sql);
  if (found == idle_.end() || found->second.empty()) return nullptr;
  sqlite3_stmt* const statement = found->second.back();
  found->second.pop_back();
  return statement;
}

void StatementCache::Keep(sqlite3_stmt* statement) {
  // What it returns is the error of the last step, which was reported there.
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  idle_[sqlite3_sql(statement)].push_back(statement);
}

Statement& Statement::Bind(std::int64_t value) {
  bind_error_ |= sqlite3_bind_int64(statement_.get(), ++parameter_, value);
  return *this;
}

Statement& Statement::Bind(std::uint64_t value) {
  return Bind(static_cast<std::int64_t>(value));
}

Statement& Statement::Bind(std::uint32_t value) {
  return Bind(static_cast<std::int64_t>(value));
}

Statement& Statement::Bind(double value) {
  bind_error_ |= sqlite3_bind_double(statement_.get(), ++parameter_, value);
  return *this;
}

Statement& Statement::Bind(std::string_view text) {
  bind_error_ |= sqlite3_bind_text64(
      statement_.get(), ++parameter_, text.empty() ? "" : text.data(),
      text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindBlob(std::string_view bytes) {
  bind_error_ |= sqlite3_bind_blob64(statement_.get(), ++parameter_,
                                     bytes.empty() ? "" : bytes.data(),
                                     bytes.size(), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::BindNull() {
  bind_error_ |= sqlite3_bind_null(statement_.get(), ++parameter_);
  return *this;
}

Statement& Statement::Reset() {
  // What it returns is the error of the last step, which was reported there.
  sqlite3_reset(statement_.get());
  parameter_ = 0;
  bind_error_ = 0;
  return *this;
}

absl::Status Statement::Error(int code) const {
  return ErrorOf(database_, code);
}

absl::StatusOr<bool> Statement::Step() {
  if (bind_error_ != SQLITE_OK) return Error(bind_error_);
  column_ = 0;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return Error(code);
}

absl::Status Statement::Run() {
  const absl::StatusOr<bool> row = Step();
  return row.status();
}

std::int64_t Statement::Int() {
  return sqlite3_column_int64(statement_.get(), column_++);
}

double Statement::Double() {
  return sqlite3_column_double(statement_.get(), column_++);
}

std::string Statement::Text() {
  const auto* text = reinterpret_cast<const char*>(
      sqlite3_column_text(statement_.get(), column_));
  const int size = sqlite3_column_bytes(statement_.get(), column_++);
  return text == nullptr ? std::string()
                         : std::string(text, static_cast<std::size_t>(size));
}

std::string Statement::Blob() {
  const auto* bytes =
      static_cast<const char*>(sqlite3_column_blob(statement_.get(), column_));
  const int size = sqlite3_column_bytes(statement_.get(), column_++);
  return bytes == nullptr ? std::string()
                          : std::string(bytes, static_cast<std::size_t>(size));
}

bool Statement::NextIsNull() const {
  return sqlite3_column_type(statement_.get(), column_) == SQLITE_NULL;
}

int Statement::columns() const {
  return sqlite3_column_count(statement_.get());
}

void Connection::Closer::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

absl::StatusOr<Connection> Connection::Open(const std::string& path,
                                            bool create) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE |
                    SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  Connection connection(path, database);
  if (code != SQLITE_OK) {
    return absl::Status(
        CodeOf(code),
        absl::StrCat(path, ": ",
                     database == nullptr ? sqlite3_errstr(code)
                                         : sqlite3_errmsg(database)));
  }
  sqlite3_wal_hook(database, NoteLogPages, connection.log_pages_.get());
  return connection;
}

absl::StatusOr<Statement> Connection::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = statements_->Take(std::string(sql));
  if (statement == nullptr) {
    const int code = sqlite3_prepare_v3(
        database_.get(), sql.data(), static_cast<int>(sql.size()),
        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return Error(code);
  }
  return Statement(database_.get(), *statements_, statement);
}

absl::Status Connection::Execute(const std::string& sql) {
  const int code =
      sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

absl::StatusOr<std::int64_t> Connection::QueryInt(std::string_view sql) {
  LB_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  LB_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? statement.Int() : 0;
}

absl::StatusOr<std::string> Connection::QueryText(std::string_view sql) {
  LB_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  LB_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? statement.Text() : std::string();
}

std::int64_t Connection::last_row_id() const {
  return sqlite3_last_insert_rowid(database_.get());
}

absl::Status Connection::Error(int code) const {
  return ErrorOf(database_.get(), code);
}

int Connection::changed_rows() const {
  return sqlite3_changes(database_.get());
}

absl::Status Connection::Checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(
      database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK) return Error(code);
  *log_pages_ = 0;
  return absl::OkStatus();
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

}  // namespace lb::controller
