// A directory with the certificates of a fleet under mutual TLS: ca.crt,
// controller.crt and controller.key, and those of every agent. Errors are
// std::runtime_error.
#ifndef LB_TESTS_BENCH_FLEET_FLEET_CERTIFICATES_H_
#define LB_TESTS_BENCH_FLEET_FLEET_CERTIFICATES_H_

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace lb::bench {

// The host with this number.
std::string FleetHost(std::size_t number);

class FleetCertificates {
 public:
  // "": plaintext.
  explicit FleetCertificates(std::string directory)
      : directory_(std::move(directory)) {}

  // Makes those of a controller on 127.0.0.1 and of `agents` agents, of the
  // trust domain "fleet".
  void Make(std::size_t agents) const;

  std::shared_ptr<grpc::ServerCredentials> OfServer() const;
  std::shared_ptr<grpc::ChannelCredentials> OfAgent(
      const std::string& host) const;

 private:
  std::string Read(const std::string& name) const;
  void Write(const std::string& name, const std::string& contents) const;

  const std::string directory_;
};

}  // namespace lb::bench

#endif  // LB_TESTS_BENCH_FLEET_FLEET_CERTIFICATES_H_
