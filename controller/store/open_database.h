// Opening the store's files: made anew only where there is none, refused where
// one is not what it should be. Any thread; the result belongs to one.
#ifndef LB_CONTROLLER_STORE_OPEN_DATABASE_H_
#define LB_CONTROLLER_STORE_OPEN_DATABASE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/status.h"
#include "controller/store/schema.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

// How much a commit waits for: every one for the disk, or for none.
enum class Durability { kEveryCommit, kSoon };

// Makes `path` with the schema and what `fill` writes, whole or not at all:
// under another name first, renamed once it is on disk. Mode 0600.
absl::Status CreateDatabase(
    const std::string& path, const Schema& schema,
    const std::function<absl::Status(Connection&)>& fill);

// Opens an existing file, brings it to the schema's version (the file as it was
// is kept beside it as FILE.before-vN, until the next migration), and holds it
// for this process alone. DATA_LOSS if it is damaged, emptied, or not of this
// schema; FAILED_PRECONDITION if it is of a newer version; UNAVAILABLE if
// another process holds it; NOT_FOUND. Messages name the file and the next
// step. Nothing is changed in a file that is refused.
absl::StatusOr<Connection> OpenDatabase(const std::string& path,
                                        const Schema& schema,
                                        Durability durability);

// Opens a file that this process had open just before, for instance after a
// commit that failed: holds it again, without checks.
absl::StatusOr<Connection> ReopenDatabase(const std::string& path,
                                          Durability durability);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_OPEN_DATABASE_H_
