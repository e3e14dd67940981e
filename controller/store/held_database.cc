#include "controller/store/held_database.h"

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"

namespace lb::controller {

absl::StatusOr<HeldDatabase> HeldDatabase::Open(const std::string& path,
                                                const Schema& schema,
                                                Durability durability) {
  LB_ASSIGN_OR_RETURN(Connection connection,
                      OpenDatabase(path, schema, durability));
  return HeldDatabase(path, durability, std::move(connection));
}

absl::StatusOr<Connection*> HeldDatabase::Connect() {
  if (!connection_) {
    absl::StatusOr<Connection> opened = ReopenDatabase(path_, durability_);
    if (!opened.ok()) {
      return absl::UnavailableError(opened.status().message());
    }
    connection_.emplace(*std::move(opened));
  }
  return &*connection_;
}

void HeldDatabase::Drop() {
  copy_.reset();
  connection_.reset();
}

void HeldDatabase::CheckpointFrom(int pages) {
  if (!connection_ || connection_->log_pages() < pages) return;
  const absl::Status done = connection_->Checkpoint();
  if (done.ok() != checkpoint_fails_) return;
  checkpoint_fails_ = !done.ok();
  if (checkpoint_fails_) {
    spdlog::error("the log of {} grows: {}", path_, OneLine(done));
  } else {
    spdlog::info("the log of {} is brought into the file again", path_);
  }
}

absl::Status HeldDatabase::BeginCopy(const std::string& to) {
  LB_ASSIGN_OR_RETURN(Connection* const connection, Connect());
  copy_.reset();
  LB_ASSIGN_OR_RETURN(FileCopy copy, FileCopy::Begin(*connection, to));
  copy_.emplace(std::move(copy));
  return absl::OkStatus();
}

absl::StatusOr<bool> HeldDatabase::ContinueCopy(int pages) {
  if (!copy_) {
    return absl::UnavailableError(
        absl::StrCat(path_, " failed while it was copied; try again"));
  }
  absl::StatusOr<bool> done = copy_->Continue(pages);
  if (!done.ok() || *done) copy_.reset();
  return done;
}

}  // namespace lb::controller
