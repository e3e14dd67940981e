// A store as the controller runs it: results arrive on a loop of their own.
#ifndef LB_TESTS_BENCH_STORE_OPENED_STORE_H_
#define LB_TESTS_BENCH_STORE_OPENED_STORE_H_

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "controller/core/event_loop.h"
#include "controller/core/store.h"

namespace lb::bench {

// Transactions that this process committed to any file so far. Counts those of
// connections that were opened after CountTransactions().
void CountTransactions();
std::uint64_t CountedTransactions();

// Throws std::runtime_error for what fails.
class OpenedStore {
 public:
  // A new one, with kHosts hosts in it.
  explicit OpenedStore(const std::string& directory);
  OpenedStore(const OpenedStore&) = delete;
  OpenedStore& operator=(const OpenedStore&) = delete;
  ~OpenedStore();

  controller::Store& operator*() const { return *store_; }
  controller::Store* operator->() const { return store_.get(); }

 private:
  controller::EventLoop loop_;
  std::unique_ptr<controller::Store> store_;
  std::thread thread_;
};

// `result`'s value, or its error thrown.
template <class T>
T Value(absl::StatusOr<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().ToString());
  return *std::move(result);
}

// Waits for the answer to a call: Await<Committed>([&](auto callback) {
// store.Commit(change, std::move(callback)); }).
template <class T>
T Await(const std::function<void(controller::Store::Callback<T>)>& call) {
  std::promise<absl::StatusOr<T>> promise;
  call([&promise](absl::StatusOr<T> result) {
    promise.set_value(std::move(result));
  });
  return Value(promise.get_future().get());
}

}  // namespace lb::bench

#endif  // LB_TESTS_BENCH_STORE_OPENED_STORE_H_
