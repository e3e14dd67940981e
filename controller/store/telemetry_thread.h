// telemetry.db and the thread that has it open: samples wait a moment for
// others and are written together.
#ifndef LB_CONTROLLER_STORE_TELEMETRY_THREAD_H_
#define LB_CONTROLLER_STORE_TELEMETRY_THREAD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "common/clock.h"
#include "controller/core/event_loop.h"
#include "controller/core/store.h"
#include "controller/store/answer.h"
#include "controller/store/sample_rows.h"
#include "controller/store/telemetry_db.h"
#include "controller/store/work_queue.h"

namespace lb::controller {

// Any thread. Callbacks run on the executor.
class TelemetryThread {
 public:
  // Samples that may wait; beyond, they are dropped and counted.
  static constexpr std::size_t kMostSamples = 65'536;

  // Done between writes; to be short.
  using Task = absl::AnyInvocable<void(TelemetryDb&) &&>;

  // What is borrowed outlives the thread; the executor also its answers.
  TelemetryThread(TelemetryDb db, Executor& executor, const Clock& clock);
  TelemetryThread(const TelemetryThread&) = delete;
  TelemetryThread& operator=(const TelemetryThread&) = delete;
  // Writes and answers what was asked for before.
  ~TelemetryThread();

  void Append(Sample sample);
  std::uint64_t dropped_samples() const { return dropped_samples_; }
  // False, and nothing is done: it was closed.
  bool Do(Task task);
  // Answers with what `read` finds in the file.
  template <class T, class ReadFrom>
  void Read(ReadFrom read, Store::Callback<T> callback) {
    Do([this, read = std::move(read),
        callback = std::move(callback)](TelemetryDb& telemetry) mutable {
      PostAnswer<T>(executor_, read(telemetry), std::move(callback));
    });
  }
  // Nothing more is taken on.
  void Close() { work_.Close(); }

 private:
  using Work = std::variant<Sample, Task>;

  void Run();
  // Appends a run of samples that begins at `first`; returns where it ends.
  std::size_t AppendGroup(std::vector<Work>& work, std::size_t first);

  Executor& executor_;
  const Clock& clock_;
  // Of thread_:
  TelemetryDb db_;
  MonotonicTime next_sync_{};
  bool fails_ = false;
  // Any thread:
  WorkQueue<Work> work_;
  std::atomic<std::uint64_t> dropped_samples_ = 0;
  std::thread thread_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_TELEMETRY_THREAD_H_
