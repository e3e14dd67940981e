// A database file that this process holds: its one connection, which is opened
// again after errors, and a copy that is being made of it. One thread at a
// time.
#ifndef LB_CONTROLLER_STORE_HELD_DATABASE_H_
#define LB_CONTROLLER_STORE_HELD_DATABASE_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "controller/store/file_copy.h"
#include "controller/store/open_database.h"
#include "controller/store/schema.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

class HeldDatabase {
 public:
  // Pages of a write ahead log that is long enough to be brought into the file.
  static constexpr int kLongLog = 1'000;

  // Errors as of OpenDatabase().
  static absl::StatusOr<HeldDatabase> Open(const std::string& path,
                                           const Schema& schema,
                                           Durability durability);

  // The connection, valid until the next Drop(); UNAVAILABLE.
  absl::StatusOr<Connection*> Connect();
  // After an error of the file: ends what transaction and copy there are.
  void Drop();

  // Brings the write ahead log into the file if it has so many pages. SQLite
  // would do that within a commit; here, those who wait for it are answered
  // before. What fails is logged, and tried again with the next call.
  void CheckpointFrom(int pages);

  // Makes a copy in `to`, in as many steps as it takes; one at a time.
  // UNAVAILABLE if the file failed meanwhile. After an error there is no copy.
  absl::Status BeginCopy(const std::string& to);
  // As FileCopy::Continue().
  absl::StatusOr<bool> ContinueCopy(int pages);

 private:
  HeldDatabase(std::string path, Durability durability, Connection connection)
      : path_(std::move(path)),
        durability_(durability),
        connection_(std::move(connection)) {}

  std::string path_;
  Durability durability_;
  std::optional<Connection> connection_;  // empty: to be opened again
  std::optional<FileCopy> copy_;
  bool checkpoint_fails_ = false;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_HELD_DATABASE_H_
