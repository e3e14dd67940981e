#include "tests/bench/fleet/fleet_certificates.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/controller/test_certificates.h"

namespace lb::bench {

std::string FleetHost(std::size_t number) {
  return "fleet-" + std::to_string(number);
}

std::string FleetCertificates::Read(const std::string& name) const {
  const std::string path = directory_ + "/" + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

void FleetCertificates::Write(const std::string& name,
                              const std::string& contents) const {
  const std::string path = directory_ + "/" + name;
  std::ofstream file(path);
  file << contents << std::flush;
  if (!file) throw std::runtime_error(path + ": cannot be written");
}

void FleetCertificates::Make(std::size_t agents) const {
  const controller::TestAuthority authority;
  const auto make = [&](const std::string& name, const std::string& names) {
    const controller::IssuedCertificate made =
        authority.Issue({.names = names});
    Write(name + ".crt", made.certificate);
    Write(name + ".key", made.key);
  };
  Write("ca.crt", authority.certificate());
  make("controller",
       "URI:spiffe://fleet/controller,DNS:localhost,IP:127.0.0.1");
  for (std::size_t i = 0; i < agents; ++i) {
    make(FleetHost(i), "URI:spiffe://fleet/agent/" + FleetHost(i));
  }
}

std::shared_ptr<grpc::ServerCredentials> FleetCertificates::OfServer() const {
  if (directory_.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = Read("ca.crt");
  options.pem_key_cert_pairs = {
      {Read("controller.key"), Read("controller.crt")}};
  return grpc::SslServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> FleetCertificates::OfAgent(
    const std::string& host) const {
  if (directory_.empty()) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials(
      {Read("ca.crt"), Read(host + ".key"), Read(host + ".crt")});
}

}  // namespace lb::bench
