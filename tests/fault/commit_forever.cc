// commit_forever DIRECTORY: commits plans with audit records and requests to
// the store in DIRECTORY until it is killed. What was acknowledged goes to
// standard output, a line each: REVISION SEQUENCE HASH.
#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <semaphore>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/core/audit.h"
#include "controller/store/sqlite_store.h"
#include "tests/controller/store_samples.h"
#include "tests/support/fake_clock.h"

namespace lb::controller {
namespace {

// Changes under way, so that some are committed together.
constexpr std::ptrdiff_t kUnderWay = 8;

void Acknowledge(const Committed& committed) {
  const std::string line =
      absl::StrCat(committed.revision, " ", committed.head.sequence, " ",
                   ToHex(committed.head.hash), "\n");
  // One call, at once: what is in no buffer survives.
  if (write(STDOUT_FILENO, line.data(), line.size()) !=
      static_cast<ssize_t>(line.size())) {
    _exit(kExitFailure);
  }
}

int Main(const std::string& directory) {
  DirectExecutor executor;
  const FakeClock clock;  // of the time of the samples, so that none is old
  auto store = SqliteStore::Open(directory, executor, clock);
  if (!store.ok()) {
    std::cerr << OneLine(store.status()) << std::endl;
    return kExitFailure;
  }
  std::counting_semaphore<kUnderWay> room(kUnderWay);
  const std::uint64_t term = (*store)->identity().term.value();
  for (int number = 0;; ++number) {
    room.acquire();
    Change change = PlanChange("a");
    change.audit = SampleAudit("hosts/a");
    change.request = SampleRequest(absl::StrCat(term, "-", number), At(0));
    (*store)->Append(SampleProcessors("a", At(number)));
    (*store)->Commit(std::move(change),
                     [&room](absl::StatusOr<Committed> done) {
                       if (!done.ok()) {
                         std::cerr << OneLine(done.status()) << std::endl;
                         _exit(kExitFailure);
                       }
                       Acknowledge(*done);
                       room.release();
                     });
  }
}

}  // namespace
}  // namespace lb::controller

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: commit_forever DIRECTORY" << std::endl;
    return lb::kExitUsage;
  }
  return lb::controller::Main(argv[1]);
}
