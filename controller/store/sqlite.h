// SQLite with owners and statuses: a connection and its prepared statements.
// A connection and what belongs to it is used by one thread at a time.
#ifndef LB_CONTROLLER_STORE_SQLITE_H_
#define LB_CONTROLLER_STORE_SQLITE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace lb::controller {

// Statements that were used, by their SQL, until they are used again.
class StatementCache {
 public:
  StatementCache() = default;
  StatementCache(const StatementCache&) = delete;
  StatementCache& operator=(const StatementCache&) = delete;
  ~StatementCache();

  // Null if there is none.
  sqlite3_stmt* Take(const std::string& sql);
  // Ends what it was doing.
  void Keep(sqlite3_stmt* statement);

 private:
  std::unordered_map<std::string, std::vector<sqlite3_stmt*>> idle_;
};

// Columns and parameters count from 0. 64-bit numbers are kept bit by bit in
// SQL's signed integers.
class Statement {
 public:
  Statement(Statement&&) = default;
  Statement& operator=(Statement&&) = default;

  // Binds the next parameter; texts and blobs are copied.
  Statement& Bind(std::int64_t value);
  Statement& Bind(std::uint64_t value);
  Statement& Bind(std::uint32_t value);
  Statement& Bind(double value);
  Statement& Bind(std::string_view text);
  Statement& BindBlob(std::string_view bytes);
  Statement& BindNull();
  Statement& Bind(const std::optional<double>& value) {
    return value ? Bind(*value) : BindNull();
  }

  // Begins anew, with nothing bound.
  Statement& Reset();

  // Next row: true if there is one.
  absl::StatusOr<bool> Step();
  // For statements without rows.
  absl::Status Run();

  // Reads the row's next column.
  std::int64_t Int();
  std::uint64_t Unsigned() { return static_cast<std::uint64_t>(Int()); }
  double Double();
  std::string Text();
  std::string Blob();
  bool NextIsNull() const;
  int columns() const;
  void Skip() { ++column_; }

 private:
  friend class Connection;
  struct Keeper {
    StatementCache* cache;
    void operator()(sqlite3_stmt* statement) const { cache->Keep(statement); }
  };
  Statement(sqlite3* database, StatementCache& cache, sqlite3_stmt* statement)
      : database_(database), statement_(statement, Keeper{&cache}) {}
  // The first error of Bind, or of the last step.
  absl::Status Error(int code) const;

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Keeper> statement_;
  int parameter_ = 0;
  int column_ = 0;
  int bind_error_ = 0;
};

class Connection {
 public:
  // Opens an existing file, or creates one if `create`. The code of every
  // error here: UNAVAILABLE if another process holds the file, DATA_LOSS if it
  // is damaged or no database, NOT_FOUND, PERMISSION_DENIED,
  // RESOURCE_EXHAUSTED if the disk is full, INVALID_ARGUMENT if a row breaks a
  // constraint, UNKNOWN if the SQL does not fit the file, else INTERNAL.
  // Messages name the file.
  static absl::StatusOr<Connection> Open(const std::string& path, bool create);

  // `sql` is one statement. Its result ends before the connection.
  absl::StatusOr<Statement> Prepare(std::string_view sql);
  // Any number of statements, rows thrown away.
  absl::Status Execute(const std::string& sql);
  // First column of the first row; 0 without one.
  absl::StatusOr<std::int64_t> QueryInt(std::string_view sql);
  absl::StatusOr<std::string> QueryText(std::string_view sql);

  std::int64_t last_row_id() const;
  int changed_rows() const;
  // What the code says of this connection.
  absl::Status Error(int code) const;
  // Whether a transaction is open; an error may have ended it.
  bool in_transaction() const;
  // Pages in the write ahead log, as of the last commit. SQLite does not bring
  // them into the file by itself before the connection ends: see Checkpoint().
  int log_pages() const { return *log_pages_; }
  // Brings what is in the log into the file, as far as no reader needs it.
  absl::Status Checkpoint();
  const std::string& path() const { return path_; }

 private:
  friend class FileCopy;
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  Connection(std::string path, sqlite3* database)
      : path_(std::move(path)), database_(database) {}

  std::string path_;
  std::unique_ptr<int> log_pages_ = std::make_unique<int>(0);
  std::unique_ptr<sqlite3, Closer> database_;
  std::unique_ptr<StatementCache> statements_ =
      std::make_unique<StatementCache>();
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_SQLITE_H_
