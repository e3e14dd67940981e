// The way into the API through one listener: who its peers are, and the rules
// that all listeners share. Every handler begins with Authorize(). Any thread.
#ifndef LB_CONTROLLER_RPC_ENTRANCE_H_
#define LB_CONTROLLER_RPC_ENTRANCE_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/status.h"
#include "controller/core/access.h"
#include "controller/rpc/call_of.h"
#include "controller/rpc/core_access.h"
#include "controller/rpc/identity.h"
#include "controller/rpc/method_access.h"
#include "controller/rpc/open_streams.h"
#include "controller/rpc/peers.h"
#include "controller/rpc/rate_limiter.h"
#include "controller/rpc/refusals.h"
#include "grpcpp/server_context.h"

namespace lb::controller {

// What the listeners of a server share.
struct SharedRules {
  // A caller: 100 calls a second, 200 at once.
  RateLimiter calls{std::chrono::milliseconds(10), 200};
  // A host: 5 streams a second, 20 at once.
  RateLimiter agents{std::chrono::milliseconds(200), 20};
  OpenStreams streams;
};

// Somebody who may call what he calls.
struct Admission {
  Identity identity;
  Caller caller;
};

class Entrance {
 public:
  // What is borrowed outlives the entrance.
  Entrance(const Peers& peers, SharedRules& rules,
           std::shared_ptr<Refusals> refusals, EventLoop& intake,
           const CoreAccess& core)
      : peers_(peers),
        rules_(rules),
        refusals_(std::move(refusals)),
        intake_(intake),
        core_(core) {}

  const CoreAccess& core() const { return core_; }
  // Where what agents say is made out, beside the core's loop, so that gRPC's
  // threads are there for whoever else has something to say.
  EventLoop& intake() const { return intake_; }

  // Who asks, or why he may not: UNAUTHENTICATED, PERMISSION_DENIED,
  // RESOURCE_EXHAUSTED. The first two are kept note of: a change that was
  // asked for by somebody we know in the audit, the rest as a number.
  template <class Request>
  absl::StatusOr<Admission> Authorize(const grpc::ServerContextBase& context,
                                      const Request& request) {
    const Method& method = MethodOf<Request>();
    const absl::StatusOr<Identity> identity = peers_.Identify(context);
    if (!identity.ok()) {
      refusals_->Add(identity.status());
      return identity.status();
    }
    LB_RETURN_IF_ERROR(Limit(*identity, method));
    const absl::StatusOr<Caller> caller = Permit(*identity, method);
    if (caller.ok()) return Admission{*identity, *caller};
    if (method.changes) {
      refusals_->AddChange(
          CallOf({identity->name, StrongestRole(*identity)}, request),
          caller.status());
    } else {
      refusals_->Add(caller.status());
    }
    return caller.status();
  }

  // Keeps note of a refusal that was made after Authorize(), as a number.
  void Refused(const absl::Status& why) { refusals_->Add(why); }

  // PERMISSION_DENIED unless the agent's certificate is `host`'s;
  // RESOURCE_EXHAUSTED if the host connects too often.
  absl::Status AuthorizeHost(const Identity& agent, const std::string& host);

  // Watches over a stream that was authorised: `close` is called once its
  // peer has lost the right to it. RESOURCE_EXHAUSTED if it has too many.
  absl::StatusOr<std::unique_ptr<OpenStreams::Place>> WatchOver(
      const Admission& admission, const Method& method,
      OpenStreams::Close close);

 private:
  absl::Status Limit(const Identity& identity, const Method& method);

  const Peers& peers_;
  SharedRules& rules_;
  const std::shared_ptr<Refusals> refusals_;
  EventLoop& intake_;
  const CoreAccess core_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_ENTRANCE_H_
