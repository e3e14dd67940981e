#include "tests/bench/store/opened_store.h"

#include <atomic>

#include "common/clock.h"
#include "controller/store/sqlite_store.h"
#include "sqlite3.h"
#include "tests/bench/store/history_rows.h"

namespace lb::bench {
namespace {

using controller::Committed;
using controller::SqliteStore;
using controller::Store;

std::atomic<std::uint64_t> transactions = 0;

int CountTransactionsOf(sqlite3* database, char**, const void*) {
  sqlite3_commit_hook(
      database,
      [](void*) {
        ++transactions;
        return 0;  // let it be committed
      },
      nullptr);
  return SQLITE_OK;
}

}  // namespace

void CountTransactions() {
  // SQLite's own declaration leaves the arguments out.
  sqlite3_auto_extension(
      reinterpret_cast<void (*)()>(CountTransactionsOf));  // NOLINT
}

std::uint64_t CountedTransactions() { return transactions; }

OpenedStore::OpenedStore(const std::string& directory)
    : loop_(SystemClock()),
      store_(Value(SqliteStore::Open(directory, loop_, SystemClock()))),
      thread_([this] { loop_.Run(); }) {
  for (std::size_t host = 0; host < kHosts; ++host) {
    Await<Committed>([&](Store::Callback<Committed> callback) {
      store_->Commit(HostChange(host), std::move(callback));
    });
  }
}

OpenedStore::~OpenedStore() {
  store_.reset();
  loop_.Stop();
  thread_.join();
}

}  // namespace lb::bench
