// A telemetry.db of its own for a test, which can be left as by a crash.
#ifndef LB_TESTS_CONTROLLER_TELEMETRY_DB_FIXTURE_H_
#define LB_TESTS_CONTROLLER_TELEMETRY_DB_FIXTURE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/store/telemetry_db.h"
#include "tests/controller/sqlite_store_fixture.h"

namespace lb::controller {

class TelemetryDbTest : public SqliteStoreTest {
 protected:
  void SetUp() override { Reopen(); }
  // As after a crash: nothing is written at the end.
  void Reopen() {
    constexpr std::uint64_t kLimit = std::uint64_t{1} << 30;
    db_.reset();
    auto db = TelemetryDb::Open(File("telemetry.db"), "store", kLimit, At(0));
    ASSERT_TRUE(db.ok()) << db.status();
    db_.emplace(*std::move(db));
  }
  // Runs SQL while it is closed.
  void AlterClosed(const std::string& sql) {
    db_.reset();
    Alter("telemetry.db", sql);
    Reopen();
  }
  void Append(const std::vector<Sample>& samples) {
    const absl::Status status = db_->Append(samples);
    ASSERT_TRUE(status.ok()) << status;
  }

  std::optional<TelemetryDb> db_;
};

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_TELEMETRY_DB_FIXTURE_H_
