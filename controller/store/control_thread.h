// control.db and the thread that has it open: commits changes, many at a time,
// and does between them what else is to be done there.
#ifndef LB_CONTROLLER_STORE_CONTROL_THREAD_H_
#define LB_CONTROLLER_STORE_CONTROL_THREAD_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/event_loop.h"
#include "controller/core/store.h"
#include "controller/store/answer.h"
#include "controller/store/control_db.h"
#include "controller/store/store_options.h"
#include "controller/store/work_queue.h"

namespace lb::controller {

// Any thread. Callbacks run on the executor.
class ControlThread {
 public:
  // Changes of one transaction.
  static constexpr std::size_t kMostGrouped = 256;

  // Done between commits; to be short.
  using Task = absl::AnyInvocable<void(ControlDb&) &&>;

  // What is borrowed outlives the thread; the executor also its answers.
  ControlThread(ControlDb db, const InputLimits& inputs, Executor& executor,
                const Clock& clock);
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;
  // Commits and answers what was asked for before.
  ~ControlThread();

  StoreIdentity identity() const { return identity_->Get(); }
  void Commit(Change change, Store::Callback<Committed> callback);
  // False, and nothing is done: it was closed.
  bool Do(Task task);
  // Answers with what `read` finds in the file.
  template <class T, class ReadFrom>
  void Read(ReadFrom read, Store::Callback<T> callback);
  // The same for pages of up to `limit` rows: `read` is asked for some at a
  // time, those after the last it gave, so that commits get their turn.
  template <class T, class ReadFrom>
  void ReadPage(std::uint32_t limit, std::uint32_t at_once, ReadFrom read,
                Store::Callback<std::vector<T>> callback,
                std::vector<T> found = {});
  // Nothing more is taken on.
  void Close() { work_.Close(); }

 private:
  // Any thread. Outlives the store in results that were not delivered yet.
  class SharedIdentity {
   public:
    explicit SharedIdentity(StoreIdentity identity)
        : identity_(std::move(identity)) {}
    StoreIdentity Get() const;
    void Adopt(Term term);

   private:
    mutable std::mutex mutex_;
    StoreIdentity identity_;
  };
  struct Write {
    Change change;
    Store::Callback<Committed> callback;
  };
  using Work = std::variant<Write, Task>;

  void Run();
  // Commits a run of writes that begins at `first`; returns where it ends.
  std::size_t CommitGroup(std::vector<Work>& work, std::size_t first);
  // `adopted`: the term that was, if the result is OK.
  void Deliver(std::optional<Term> adopted, absl::StatusOr<Committed> result,
               Store::Callback<Committed> callback);
  // Begins to prune once a minute; then a step at a time, between other work.
  void PruneIfDue();
  void PruneStep();

  const InputLimits inputs_;
  const std::shared_ptr<SharedIdentity> identity_;
  Executor& executor_;
  const Clock& clock_;
  // Of thread_:
  ControlDb db_;
  bool pruning_ = false;  // a step is in the queue
  MonotonicTime next_prune_{};
  // Any thread:
  WorkQueue<Work> work_;
  std::thread thread_;
};

template <class T, class ReadFrom>
void ControlThread::Read(ReadFrom read, Store::Callback<T> callback) {
  Do([this, read = std::move(read),
      callback = std::move(callback)](ControlDb& control) mutable {
    const absl::StatusOr<Connection*> db = control.file().Connect();
    PostAnswer<T>(executor_,
                  db.ok() ? absl::StatusOr<T>(read(**db)) : db.status(),
                  std::move(callback));
  });
}

template <class T, class ReadFrom>
void ControlThread::ReadPage(std::uint32_t limit, std::uint32_t at_once,
                             ReadFrom read,
                             Store::Callback<std::vector<T>> callback,
                             std::vector<T> found) {
  Work work = Task([this, limit, at_once, read, callback = std::move(callback),
                    found = std::move(found)](ControlDb& control) mutable {
    const auto wanted = static_cast<std::uint32_t>(
        std::min<std::size_t>(limit - found.size(), at_once));
    const absl::StatusOr<Connection*> db = control.file().Connect();
    absl::StatusOr<std::vector<T>> rows =
        db.ok() ? read(**db, found.empty() ? nullptr : &found.back(), wanted)
                : db.status();
    if (!rows.ok()) {
      PostAnswer<std::vector<T>>(executor_, rows.status(), std::move(callback));
      return;
    }
    std::move(rows->begin(), rows->end(), std::back_inserter(found));
    if (rows->size() < wanted || found.size() == limit) {
      PostAnswer<std::vector<T>>(executor_, std::move(found),
                                 std::move(callback));
    } else {
      ReadPage<T>(limit, at_once, std::move(read), std::move(callback),
                  std::move(found));
    }
  });
  if (work_.Push(std::move(work))) return;
  // It is being closed: what was begun is brought to its end.
  std::move(std::get<Task>(work))(db_);
}

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_CONTROL_THREAD_H_
