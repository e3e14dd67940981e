#include "controller/store/telemetry_thread.h"

#include <chrono>

#include "common/format_number.h"
#include "common/log.h"
#include "common/status.h"
#include "common/thread_name.h"

namespace lb::controller {
namespace {

// Samples wait so long for others: a transaction for all costs less.
constexpr std::chrono::milliseconds kPatience{200};
// How much may be lost when power fails.
constexpr std::chrono::seconds kSyncInterval{1};

}  // namespace

TelemetryThread::TelemetryThread(TelemetryDb db, Executor& executor,
                                 const Clock& clock)
    : executor_(executor),
      clock_(clock),
      db_(std::move(db)),
      thread_([this] { Run(); }) {}

TelemetryThread::~TelemetryThread() {
  Close();
  thread_.join();
}

void TelemetryThread::Append(Sample sample) {
  if (!work_.PushPatiently(kMostSamples, std::move(sample))) {
    ++dropped_samples_;
  }
}

bool TelemetryThread::Do(Task task) { return work_.Push(std::move(task)); }

void TelemetryThread::Run() {
  NameThread("telemetry.db");
  for (;;) {
    std::vector<Work> work = work_.TakeAll(kPatience);
    if (work.empty()) return;
    for (std::size_t i = 0; i < work.size();) {
      if (auto* task = std::get_if<Task>(&work[i])) {
        std::move (*task)(db_);
        ++i;
      } else {
        i = AppendGroup(work, i);
      }
    }
  }
}

std::size_t TelemetryThread::AppendGroup(std::vector<Work>& work,
                                         std::size_t first) {
  std::vector<Sample> samples;
  std::size_t last = first;
  for (; last < work.size(); ++last) {
    Sample* sample = std::get_if<Sample>(&work[last]);
    if (sample == nullptr) break;
    samples.push_back(std::move(*sample));
  }
  const MonotonicTime now = clock_.Monotonic();
  const bool sync = now >= next_sync_;
  const absl::Status status = db_.Append(samples, sync);
  db_.file().CheckpointFrom(HeldDatabase::kLongLog);
  if (sync && status.ok()) next_sync_ = now + kSyncInterval;
  if (!status.ok()) dropped_samples_ += samples.size();
  if (status.ok() == fails_) {
    fails_ = !status.ok();
    if (fails_) {
      spdlog::error("telemetry is not kept: {}", OneLine(status));
    } else {
      spdlog::info("telemetry is kept again; {} dropped so far",
                   FormatNumber(dropped_samples_.load(), "sample"));
    }
  }
  return last;
}

}  // namespace lb::controller
