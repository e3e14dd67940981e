#include "agent/query_thread.h"

#include <utility>
#include <variant>

#include "common/status.h"

namespace lb::agent {

QueryThread::QueryThread(dataplane::Dataplane& dataplane, Inbox& inbox,
                         const Clock& clock)
    : dataplane_(dataplane),
      inbox_(inbox),
      clock_(clock),
      thread_([this] { Run(); }) {}

QueryThread::~QueryThread() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

bool QueryThread::TryAsk(std::uint64_t session, std::uint64_t id,
                         Question question) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kMaxWaiting) return false;
  waiting_.push_back({session, id, question});
  changed_.notify_all();
  return true;
}

void QueryThread::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (stop_) return;
    const Waiting next = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    inbox_.Push({next.session, clock_.Monotonic(), AnswerTo(next)});
    lock.lock();
  }
}

Answer QueryThread::AnswerTo(const Waiting& query) {
  Answer answer;
  answer.id = query.id;
  const auto keep = [&](auto found, auto& where) {
    if (found.ok()) {
      where = *std::move(found);
    } else {
      answer.error = OneLine(found.status());
    }
  };
  if (const auto* key = std::get_if<FlowKey>(&query.question)) {
    keep(dataplane_.Trace(*key), answer.trace);
  } else {
    const auto& wanted = std::get<HeaviestFlows>(query.question);
    keep(dataplane_.Heaviest(wanted.bucket, wanted.count), answer.heaviest);
  }
  return answer;
}

}  // namespace lb::agent
