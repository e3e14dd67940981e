// The ControllerLink over gRPC: one lb.v1.AgentService.Connect stream per
// session, each on a channel of its own, so that an attempt is an attempt and
// the back-off is the loop's alone.
#ifndef LB_AGENT_GRPC_LINK_H_
#define LB_AGENT_GRPC_LINK_H_

#include <grpcpp/security/credentials.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/controller_link.h"
#include "agent/inbox.h"
#include "common/clock.h"

namespace lb::agent {

// The control thread calls every method. The destructor ends the session and
// waits for gRPC's threads to let go of it.
class GrpcLink final : public ControllerLink {
 public:
  // Of TLS. Asked for before every session, so that what has been renewed is
  // used for the next.
  using Credentials =
      std::function<std::shared_ptr<grpc::ChannelCredentials>()>;

  // `target` in gRPC's notation, as ParseControllerTarget() and
  // ParseTlsTarget() return it; null credentials: plaintext. The inbox and the
  // clock must outlive the link.
  GrpcLink(std::string target, Inbox& inbox, const Clock& clock,
           Credentials credentials = nullptr);
  ~GrpcLink() override;

  std::uint64_t Open(const Hello& hello) override;
  void Close() override;
  bool TrySend(const Report& report) override;
  void Send(const PlanResult& result) override;
  void Send(const TableChanged& changed) override;
  void Send(const AgentEvent& event) override;
  void Send(const Answer& answer) override;

 private:
  class Stream;
  class LiveStreams;

  // Deletes the streams that gRPC has let go of. Their channels must go here,
  // on the control thread: gRPC 1.51 aborts now and then when the process's
  // last channel goes on one of gRPC's own threads.
  void Reap();

  const std::string target_;
  Inbox& inbox_;
  const Clock& clock_;
  const Credentials credentials_;
  const std::shared_ptr<LiveStreams> live_;
  std::uint64_t session_ = 0;
  std::unique_ptr<Stream> stream_;                // null: no session
  std::vector<std::unique_ptr<Stream>> retired_;  // closed, perhaps still live
};

}  // namespace lb::agent

#endif  // LB_AGENT_GRPC_LINK_H_
