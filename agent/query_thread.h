// Asks the data plane what the controller wants to know of connections. That
// takes as long as it takes, so it has a thread of its own, and reports and
// plans never wait for it.
#ifndef LB_AGENT_QUERY_THREAD_H_
#define LB_AGENT_QUERY_THREAD_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

#include "agent/inbox.h"
#include "agent/messages.h"
#include "common/clock.h"
#include "dataplane/dataplane.h"

namespace lb::agent {

class QueryThread {
 public:
  // Queries that wait, beside the one under way.
  static constexpr std::size_t kMaxWaiting = 8;

  // All three must outlive it. It is the data plane's query thread.
  QueryThread(dataplane::Dataplane& dataplane, Inbox& inbox,
              const Clock& clock);
  // Throws away what waits, and waits for the query under way: stop the data
  // plane first.
  ~QueryThread();
  QueryThread(const QueryThread&) = delete;
  QueryThread& operator=(const QueryThread&) = delete;

  // Any thread. Takes a query whose Answer, of the same id, will come into the
  // inbox, under `session`. False, and nothing taken, while kMaxWaiting wait.
  bool TryAsk(std::uint64_t session, std::uint64_t id, Question question);

 private:
  struct Waiting {
    std::uint64_t session = 0;
    std::uint64_t id = 0;
    Question question;
  };

  void Run();
  Answer AnswerTo(const Waiting& query);

  dataplane::Dataplane& dataplane_;
  Inbox& inbox_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  bool stop_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace lb::agent

#endif  // LB_AGENT_QUERY_THREAD_H_
