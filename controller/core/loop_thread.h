// A thread that runs a loop.
#ifndef LB_CONTROLLER_CORE_LOOP_THREAD_H_
#define LB_CONTROLLER_CORE_LOOP_THREAD_H_

#include <string>
#include <thread>
#include <utility>

#include "common/thread_name.h"
#include "controller/core/event_loop.h"

namespace lb::controller {

// Runs the loop for as long as it lives; tasks left then do not run.
class LoopThread {
 public:
  // `name` is the thread's. The loop outlives this.
  LoopThread(EventLoop& loop, std::string name)
      : loop_(loop), thread_([&loop, name = std::move(name)] {
          NameThread(name);
          loop.Run();
        }) {}
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() {
    loop_.Stop();
    thread_.join();
  }

 private:
  EventLoop& loop_;
  std::thread thread_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_LOOP_THREAD_H_
