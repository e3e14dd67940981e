// A unary call from request to answer: authorised, brought to the loop,
// answered by core, converted back. Request and response live until the call
// is finished.
#ifndef LB_CONTROLLER_RPC_UNARY_CALL_H_
#define LB_CONTROLLER_RPC_UNARY_CALL_H_

#include <utility>

#include "absl/status/statusor.h"
#include "controller/rpc/call_of.h"
#include "controller/rpc/entrance.h"
#include "controller/rpc/status_map.h"
#include "grpcpp/grpcpp.h"

namespace lb::controller {

// Finishes a call once. If nobody does, because what was to do it was thrown
// away, the call ends with UNAVAILABLE.
class Reply {
 public:
  explicit Reply(grpc::ServerUnaryReactor* reactor) : reactor_(reactor) {}
  Reply(Reply&& other) noexcept
      : reactor_(std::exchange(other.reactor_, nullptr)) {}
  Reply& operator=(Reply&&) = delete;
  ~Reply() {
    if (reactor_ == nullptr) return;
    Finish(absl::UnavailableError("the controller is stopping"));
  }

  void Finish(const absl::Status& status) {
    std::exchange(reactor_, nullptr)->Finish(ToGrpc(status));
  }

 private:
  grpc::ServerUnaryReactor* reactor_;
};

// `ask` is called on the loop with (const CoreAccess&, Call, done); it calls
// done(absl::StatusOr<Answer>) once, then or later. What is there is filled
// into the response.
template <class Request, class Response, class Answer, class Ask>
grpc::ServerUnaryReactor* Serve(Entrance& entrance,
                                grpc::CallbackServerContext* context,
                                const Request* request, Response* response,
                                void (*fill)(const Answer&, Response&),
                                Ask ask) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::StatusOr<Admission> admission =
      entrance.Authorize(*context, *request);
  if (!admission.ok()) {
    reactor->Finish(ToGrpc(admission.status()));
    return reactor;
  }
  entrance.core().loop.Post([core = entrance.core(), response, fill, ask,
                             call = CallOf(admission->caller, *request),
                             reply = Reply(reactor)]() mutable {
    ask(core, std::move(call),
        [response, fill, reply = std::move(reply)](
            const absl::StatusOr<Answer>& answer) mutable {
          if (answer.ok()) fill(*answer, *response);
          reply.Finish(answer.status());
        });
  });
  return reactor;
}

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_UNARY_CALL_H_
