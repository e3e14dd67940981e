// A store on real files for a test, and what can be seen of them from outside.
#ifndef LB_TESTS_CONTROLLER_SQLITE_STORE_FIXTURE_H_
#define LB_TESTS_CONTROLLER_SQLITE_STORE_FIXTURE_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>

#include "controller/store/sqlite.h"
#include "controller/store/sqlite_store.h"
#include "gtest/gtest.h"
#include "tests/controller/store_samples.h"
#include "tests/controller/temporary_directory.h"
#include "tests/support/fake_clock.h"

namespace lb::controller {

class SqliteStoreTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<SqliteStore>> Open() {
    return SqliteStore::Open(directory_.path(), executor_, clock_);
  }
  absl::StatusOr<std::unique_ptr<SqliteStore>> Open(StoreOptions options) {
    options.directory = directory_.path();
    return SqliteStore::Open(options, executor_, clock_);
  }
  std::string File(const std::string& name) const {
    return directory_.path() + "/" + name;
  }
  static mode_t Mode(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
  }
  // Runs SQL on a file that nobody has open.
  void Alter(const std::string& name, const std::string& sql) {
    auto db = Connection::Open(File(name), false);
    ASSERT_TRUE(db.ok()) << db.status();
    const absl::Status done = db->Execute(sql);
    ASSERT_TRUE(done.ok()) << done;
  }
  std::int64_t Query(const std::string& name, const std::string& sql) {
    const auto found = Connection::Open(File(name), false)->QueryInt(sql);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *found : -1;
  }
  std::int64_t Count(const std::string& name, const std::string& table) {
    return Query(name, "SELECT count(*) FROM " + table);
  }
  std::string QueryText(const std::string& name, const std::string& sql) {
    const auto found = Connection::Open(File(name), false)->QueryText(sql);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *found : "";
  }
  static StoredState Load(Store& store) {
    return Await<StoredState>([&](Store::Callback<StoredState> callback) {
             store.LoadState(At(0), std::move(callback));
           })
        .value();
  }
  static absl::StatusOr<BackupInfo> BackUp(Store& store,
                                           const std::string& directory) {
    return Await<BackupInfo>([&](Store::Callback<BackupInfo> callback) {
      store.BackUp(directory, std::move(callback));
    });
  }

  TemporaryDirectory directory_;
  FakeClock clock_;
  DirectExecutor executor_;
};

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_SQLITE_STORE_FIXTURE_H_
