// A copy of a database, made page by page while the connection it is made
// from goes on writing: what that one commits meanwhile is in the copy too,
// and nothing is copied twice. One thread at a time, the connection's.
#ifndef LB_CONTROLLER_STORE_FILE_COPY_H_
#define LB_CONTROLLER_STORE_FILE_COPY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "controller/store/sqlite.h"

struct sqlite3_backup;

namespace lb::controller {

// Ends before the connection it copies from. What is left of a copy that was
// not finished is of no use.
class FileCopy {
 public:
  // Makes `to`, mode 0600.
  static absl::StatusOr<FileCopy> Begin(Connection& from,
                                        const std::string& to);
  // Copies up to `pages` more. True: the copy is whole, as of now.
  absl::StatusOr<bool> Continue(int pages);

 private:
  struct Finisher {
    void operator()(sqlite3_backup* backup) const;
  };
  FileCopy(Connection to, sqlite3_backup* backup)
      : to_(std::move(to)), backup_(backup) {}

  Connection to_;
  std::unique_ptr<sqlite3_backup, Finisher> backup_;
};

// The whole file at once.
absl::Status CopyDatabase(Connection& from, const std::string& to);

// Opens a copy, from now on without a write ahead log, so that it can be read
// where nothing may be written.
absl::StatusOr<Connection> OpenCopy(const std::string& path);
// Marks a copy, that it is not taken for the original: no plan is sent from it
// until it is adopted. `why` says what it is.
absl::Status FenceCopy(Connection& copy, const std::string& why);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_FILE_COPY_H_
