// The addresses that the API is served on, for who asks. Any thread.
#ifndef LB_CONTROLLER_RPC_LISTENER_LIST_H_
#define LB_CONTROLLER_RPC_LISTENER_LIST_H_

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace lb::controller {

struct ListenerInfo {
  std::string
      address;       // "unix:/run/lb-controller/viewer.sock", "10.0.0.1:7443"
  std::string kind;  // "viewer socket", "plaintext on loopback", "mTLS"
};

class ListenerList {
 public:
  void Add(ListenerInfo listener) {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(std::move(listener));
  }
  std::vector<ListenerInfo> Get() const {
    const std::lock_guard lock(mutex_);
    return listeners_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<ListenerInfo> listeners_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_LISTENER_LIST_H_
