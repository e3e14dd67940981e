// Calls to a controller. Only its source and tls_credentials know gRPC. One
// thread.
#ifndef LB_CLI_CONNECTION_H_
#define LB_CLI_CONNECTION_H_

#include <google/protobuf/message.h>

#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/endpoint.h"

namespace lb::cli {

// A controller that was there a moment ago. Errors of calls are AnswerError()s;
// one that could not be reached is UNAVAILABLE, one that was too slow
// DEADLINE_EXCEEDED.
class Connection {
 public:
  // For calls that need `role`. A usage error for options that cannot be;
  // UNAVAILABLE, naming the endpoint and the way out, at once if nobody is
  // there; DEADLINE_EXCEEDED if somebody is who says nothing within the
  // timeout. Nothing was asked of anybody then.
  static absl::StatusOr<Connection> Open(const ConnectionOptions& options,
                                         v1::Role role);
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  // Calls the method that takes `request`. If the connection breaks, it is made
  // anew and the request sent once more, so a request that changes something
  // must have a request id.
  absl::Status Call(const google::protobuf::Message& request,
                    google::protobuf::Message& response);

  // Opens the stream of the method that takes `request`, and calls `each` with
  // every message in `response`, until `each` returns an error, which is
  // returned, or the stream ends, which is an error, too: why it ended.
  absl::Status Watch(const google::protobuf::Message& request,
                     google::protobuf::Message& response,
                     absl::FunctionRef<absl::Status()> each);

 private:
  class Impl;
  explicit Connection(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace lb::cli

#endif  // LB_CLI_CONNECTION_H_
