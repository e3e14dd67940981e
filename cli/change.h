// What commands that change something have in common: why, a dry run, being
// asked to confirm, request ids, and the receipt. One thread.
#ifndef LB_CLI_CHANGE_H_
#define LB_CLI_CHANGE_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "cli/online.h"
#include "cli/session.h"
#include "cli/text_table.h"
#include "lb/v1/receipt.pb.h"

namespace lb::cli {

struct ChangeOptions {
  std::string reason;
  bool dry_run = false;
  std::string request_id;
  bool yes = false;
};

// Whether people are asked before it is done.
enum class Confirm { kNo, kAsk };

// --reason, --dry-run, --request-id, and --yes for what may ask.
void AddChangeOptions(Command command, ChangeOptions& options,
                      Confirm confirm = Confirm::kNo);

// What is to be done, in words.
struct Deed {
  std::string action;  // "drain processor 3 of edge-1"
  Confirm confirm = Confirm::kNo;
};

// Sends `request`, completed by the options, and says what was done: the
// answer as JSON, or the deed, what `details` finds in `response`, and the
// receipt. A request id is made up if none is given, so that one that had to be
// sent twice is carried out once. A usage error if somebody must be asked and
// nobody is there.
absl::Status MakeChange(Session& session, const ChangeOptions& options,
                        const Deed& deed, google::protobuf::Message& request,
                        google::protobuf::Message& response,
                        absl::FunctionRef<Fields()> details);

// As above, for a request and an answer known by type.
template <class Response, class Request>
absl::Status MakeChange(
    Session& session, const ChangeOptions& options, const Deed& deed,
    Request request,
    absl::FunctionRef<Fields(const Response&)> details = [](const Response&) {
      return Fields();
    }) {
  Response response;
  return MakeChange(session, options, deed, request, response,
                    [&] { return details(response); });
}

}  // namespace lb::cli

#endif  // LB_CLI_CHANGE_H_
