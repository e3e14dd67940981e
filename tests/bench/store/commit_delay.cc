#include "tests/bench/store/commit_delay.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "controller/core/records.h"
#include "tests/bench/store/history_rows.h"

namespace lb::bench {
namespace {

using controller::AuditRecord;
using controller::BackupInfo;
using controller::Committed;
using controller::Event;
using controller::Store;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPace{20};
constexpr std::uint32_t kPage = 1'000;
constexpr std::ptrdiff_t kUnderWay = 1'024;

// Pages of what `list` gives after a number, over and over until `stop`.
template <class Row, class List, class NumberOf>
std::uint64_t ReadAll(const std::atomic<bool>& stop, List list,
                      NumberOf number_of) {
  std::uint64_t read = 0;
  std::uint64_t last = 0;
  while (!stop) {
    const auto page = Await<std::vector<Row>>(
        [&](Store::Callback<std::vector<Row>> callback) {
          list(last, std::move(callback));
        });
    read += page.size();
    last = page.size() < kPage ? 0 : number_of(page.back());
  }
  return read;
}

std::uint64_t ReadAudit(Store& store, const std::atomic<bool>& stop) {
  return ReadAll<AuditRecord>(
      stop,
      [&](std::uint64_t after, auto callback) {
        store.ListAuditAfter(after, kPage, std::move(callback));
      },
      [](const AuditRecord& record) { return record.sequence; });
}

std::uint64_t ReadEvents(Store& store, const std::atomic<bool>& stop) {
  return ReadAll<Event>(
      stop,
      [&](std::uint64_t after, auto callback) {
        store.ListEventsAfter("", after, kPage, std::move(callback));
      },
      [](const Event& event) { return event.revision; });
}

std::uint64_t MakeBackups(Store& store, const std::atomic<bool>& stop,
                          const std::string& directory) {
  std::vector<std::string> made;
  while (!stop) {
    made.push_back(absl::StrCat(directory, "/backup-", made.size()));
    Await<BackupInfo>([&](Store::Callback<BackupInfo> callback) {
      store.BackUp(made.back(), std::move(callback));
    });
  }
  // Not before: to free so much of a disk takes its time, too.
  for (const std::string& path : made) std::filesystem::remove_all(path);
  return made.size();
}

void Read(Store& store, Reading reading, const std::atomic<bool>& stop,
          const std::string& directory, CommitDelays& delays) {
  switch (reading) {
    case Reading::kNothing:
      return;
    case Reading::kAudit:
      delays.rows_read = ReadAudit(store, stop);
      return;
    case Reading::kEvents:
      delays.rows_read = ReadEvents(store, stop);
      return;
    case Reading::kBackup:
      delays.backups = MakeBackups(store, stop, directory);
  }
}

std::vector<double> CommitAtPace(Store& store, std::chrono::seconds time) {
  std::vector<double> commit_ms;
  const steady_clock::time_point end = steady_clock::now() + time;
  std::size_t plan = 0;
  for (auto due = steady_clock::now(); due < end; due += kPace) {
    // Whoever comes while the last one is under way waits for that, too.
    const bool late = steady_clock::now() > due;
    if (!late) std::this_thread::sleep_until(due);
    const auto asked = late ? due : steady_clock::now();
    Await<Committed>([&](Store::Callback<Committed> callback) {
      store.Commit(PlanChangeAt(plan++), std::move(callback));
    });
    commit_ms.push_back(
        std::chrono::duration<double, std::milli>(steady_clock::now() - asked)
            .count());
  }
  return commit_ms;
}

}  // namespace

void FillAudit(Store& store, std::size_t records) {
  std::counting_semaphore<kUnderWay> room(kUnderWay);
  std::atomic<std::size_t> failed = 0;
  for (std::size_t i = 0; i < records; ++i) {
    room.acquire();
    store.Commit(AuditChangeAt(i),
                 [&](const absl::StatusOr<Committed>& committed) {
                   if (!committed.ok()) ++failed;
                   room.release();
                 });
  }
  for (std::ptrdiff_t i = 0; i < kUnderWay; ++i) room.acquire();
  if (failed != 0) throw std::runtime_error("the store refused a record");
}

CommitDelays MeasureCommits(Store& store, Reading reading,
                            std::chrono::seconds time,
                            const std::string& directory) {
  CommitDelays delays;
  std::atomic<bool> stop = false;
  std::future<void> reader = std::async(std::launch::async, [&] {
    Read(store, reading, stop, directory, delays);
  });
  {
    const absl::Cleanup end = [&stop] { stop = true; };
    delays.commit_ms = CommitAtPace(store, time);
  }
  reader.get();
  return delays;
}

}  // namespace lb::bench
