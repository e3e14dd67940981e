#include "controller/store/control_thread.h"

#include <chrono>

#include "common/log.h"
#include "common/status.h"
#include "common/thread_name.h"

namespace lb::controller {
namespace {

constexpr std::chrono::minutes kPruneInterval{1};
// With so many pages the log is brought into the file though there is more to
// be done.
constexpr int kLongestLog = 8 * HeldDatabase::kLongLog;

}  // namespace

StoreIdentity ControlThread::SharedIdentity::Get() const {
  const std::lock_guard lock(mutex_);
  return identity_;
}

void ControlThread::SharedIdentity::Adopt(Term term) {
  const std::lock_guard lock(mutex_);
  identity_.term = identity_.adopted_term = term;
  identity_.fenced.clear();
}

ControlThread::ControlThread(ControlDb db, const InputLimits& inputs,
                             Executor& executor, const Clock& clock)
    : inputs_(inputs),
      identity_(std::make_shared<SharedIdentity>(db.identity())),
      executor_(executor),
      clock_(clock),
      db_(std::move(db)),
      thread_([this] { Run(); }) {}

ControlThread::~ControlThread() {
  Close();
  thread_.join();
}

void ControlThread::Commit(Change change, Store::Callback<Committed> callback) {
  work_.Push(Write{std::move(change), std::move(callback)});
}

bool ControlThread::Do(Task task) { return work_.Push(std::move(task)); }

void ControlThread::Run() {
  NameThread("control.db");
  for (;;) {
    std::vector<Work> work = work_.TakeAll();
    if (work.empty()) return;
    for (std::size_t i = 0; i < work.size();) {
      if (auto* task = std::get_if<Task>(&work[i])) {
        std::move (*task)(db_);
        ++i;
      } else {
        i = CommitGroup(work, i);
        db_.file().CheckpointFrom(kLongestLog);
        PruneIfDue();
      }
    }
    db_.file().CheckpointFrom(HeldDatabase::kLongLog);
  }
}

std::size_t ControlThread::CommitGroup(std::vector<Work>& work,
                                       std::size_t first) {
  std::vector<Change> changes;
  std::size_t last = first;
  while (last < work.size() && changes.size() < kMostGrouped) {
    Write* write = std::get_if<Write>(&work[last]);
    if (write == nullptr) break;
    changes.push_back(std::move(write->change));
    ++last;
  }
  std::vector<absl::StatusOr<Committed>> results =
      db_.Commit(changes, clock_.Wall());
  for (std::size_t i = first; i < last; ++i) {
    Deliver(changes[i - first].adopt, std::move(results[i - first]),
            std::move(std::get<Write>(work[i]).callback));
  }
  return last;
}

void ControlThread::Deliver(std::optional<Term> adopted,
                            absl::StatusOr<Committed> result,
                            Store::Callback<Committed> callback) {
  executor_.Post([identity = identity_, adopted, result = std::move(result),
                  callback = std::move(callback)]() mutable {
    if (adopted && result.ok()) identity->Adopt(*adopted);
    std::move(callback)(std::move(result));
  });
}

void ControlThread::PruneIfDue() {
  if (pruning_ || clock_.Monotonic() < next_prune_) return;
  pruning_ = Do([this](ControlDb&) { PruneStep(); });
}

void ControlThread::PruneStep() {
  const absl::StatusOr<bool> more = db_.Prune(inputs_, clock_.Wall());
  pruning_ = false;
  if (!more.ok()) {
    spdlog::warn("inputs are not pruned: {}", OneLine(more.status()));
  }
  if (!more.ok() || !*more) next_prune_ = clock_.Monotonic() + kPruneInterval;
  PruneIfDue();
}

}  // namespace lb::controller
