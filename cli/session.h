// What a command that asks a controller works with while it runs. One thread.
#ifndef LB_CLI_SESSION_H_
#define LB_CLI_SESSION_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/command_line.h"
#include "cli/connection.h"
#include "common/clock.h"
#include "common/status.h"

namespace lb::cli {

enum class OutputForm { kTable, kJson };

class Session {
 public:
  // All outlive the session.
  Session(const ConnectionOptions& options, OutputForm form,
          CommandContext& context)
      : options_(options), form_(form), context_(context) {}

  OutputForm form() const { return form_; }
  CommandContext& context() const { return context_; }
  std::ostream& out() const { return context_.out; }
  const Clock& clock() const { return context_.clock; }

  // Connects, with as few rights as the method that takes `request` needs,
  // unless it is connected. Calls do it, too; after an error of this nothing
  // was asked of anybody.
  absl::Status Connect(const google::protobuf::Message& request);

  // Calls the method that takes `request`; see Connection.
  absl::Status Call(const google::protobuf::Message& request,
                    google::protobuf::Message& response);
  template <class Response>
  absl::StatusOr<Response> Call(const google::protobuf::Message& request) {
    Response response;
    LB_RETURN_IF_ERROR(Call(request, response));
    return response;
  }

  // Calls a method with pages (page_size, page_token, and items as the first
  // field of the answer) until `limit` items have come, or there are no more; 0
  // is no limit. Returns one answer with all items and the last token.
  template <class Response, class Request>
  absl::StatusOr<Response> List(Request request, std::int64_t limit) {
    return ListWhile<Response>(std::move(request), limit,
                               [](const Response&) { return true; });
  }
  // As above, and only while `more` says so of the page that came last.
  template <class Response, class Request>
  absl::StatusOr<Response> ListWhile(
      Request request, std::int64_t limit,
      absl::FunctionRef<bool(const Response& page)> more) {
    Response all;
    Response page;
    LB_RETURN_IF_ERROR(
        ListPages(request, limit, all, page, [&] { return more(page); }));
    return all;
  }

  // Calls `each` with every message of the stream of the method that takes
  // `request`; see Connection. Ends, too, when standard output does.
  template <class Response>
  absl::Status Watch(const google::protobuf::Message& request,
                     absl::FunctionRef<absl::Status(const Response&)> each) {
    Response response;
    return WatchInto(request, response, [&] { return each(response); });
  }

 private:
  absl::Status ListPages(google::protobuf::Message& request, std::int64_t limit,
                         google::protobuf::Message& all,
                         google::protobuf::Message& page,
                         absl::FunctionRef<bool()> more);
  absl::Status WatchInto(const google::protobuf::Message& request,
                         google::protobuf::Message& response,
                         absl::FunctionRef<absl::Status()> each);

  const ConnectionOptions& options_;
  const OutputForm form_;
  CommandContext& context_;
  std::optional<Connection> connection_;
};

}  // namespace lb::cli

#endif  // LB_CLI_SESSION_H_
