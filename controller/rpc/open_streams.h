// The streams that are open, so that who loses the right to one can be cut
// off: his certificate expires, or his role is taken away. Any thread.
#ifndef LB_CONTROLLER_RPC_OPEN_STREAMS_H_
#define LB_CONTROLLER_RPC_OPEN_STREAMS_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "absl/status/statusor.h"
#include "controller/rpc/identity.h"

namespace lb::controller {

class OpenStreams {
 public:
  // Of one caller, agents' streams aside.
  static constexpr std::size_t kMostPerCaller = 100;

  using Close = std::function<void(absl::Status)>;
  // Whether the stream of `method` may stay open to `identity`.
  using Check =
      std::function<absl::Status(const Identity& identity, const Method&)>;

  // Keeps the stream on the list for as long as it lives. Must not outlive
  // the list.
  class Place {
   public:
    Place(OpenStreams& streams, std::uint64_t id)
        : streams_(streams), id_(id) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { streams_.Remove(id_); }

   private:
    OpenStreams& streams_;
    const std::uint64_t id_;
  };

  // `close` may be called until the place is gone, and once more while it
  // goes. RESOURCE_EXHAUSTED if the caller has too many.
  absl::StatusOr<std::unique_ptr<Place>> Add(Identity identity,
                                             const Method& method, Check check,
                                             Close close);

  // Closes those that fail their check.
  void CloseRefused();

  std::size_t size() const;
  // Waits until none is open, at most until `deadline`.
  void WaitUntilNone(std::chrono::steady_clock::time_point deadline);

 private:
  struct Stream {
    Identity identity;
    const Method& method;
    Check check;
    Close close;
  };

  void Remove(std::uint64_t id);

  mutable std::mutex mutex_;
  std::condition_variable none_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, std::shared_ptr<const Stream>> streams_;
  std::map<std::string, std::size_t> by_caller_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_OPEN_STREAMS_H_
