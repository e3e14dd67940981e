#include "tests/bench/store/bare_database.h"

#include <stdexcept>

#include "sqlite3.h"

namespace lb::bench {
namespace {

void Check(int code, sqlite3* database) {
  if (code != SQLITE_OK && code != SQLITE_DONE) {
    throw std::runtime_error(sqlite3_errmsg(database));
  }
}

}  // namespace

void BareInsert::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void BareInsert::BindNumber(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
}

void BareInsert::Bind(int parameter, double value) {
  sqlite3_bind_double(statement_.get(), parameter, value);
}

void BareInsert::Bind(int parameter, std::string_view text) {
  sqlite3_bind_text(statement_.get(), parameter, text.data(),
                    static_cast<int>(text.size()), SQLITE_STATIC);
}

void BareInsert::Bind(int parameter, Blob blob) {
  sqlite3_bind_blob(statement_.get(), parameter, blob.bytes.data(),
                    static_cast<int>(blob.bytes.size()), SQLITE_STATIC);
}

void BareInsert::Step() {
  Check(sqlite3_step(statement_.get()), sqlite3_db_handle(statement_.get()));
  sqlite3_reset(statement_.get());
}

void BareDatabase::Closer::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

BareDatabase::BareDatabase(const std::string& path,
                           const std::string& synchronous) {
  sqlite3* database = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &database,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(database);
  Check(code, database);
  Execute(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA foreign_keys = ON;"
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = " +
      synchronous);
}

void BareDatabase::Execute(const std::string& sql) {
  Check(sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr),
        database_.get());
}

BareInsert BareDatabase::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  Check(sqlite3_prepare_v3(database_.get(), sql.data(),
                           static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr),
        database_.get());
  return BareInsert(statement);
}

std::int64_t BareDatabase::last_row_id() const {
  return sqlite3_last_insert_rowid(database_.get());
}

}  // namespace lb::bench
