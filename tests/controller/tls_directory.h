// A directory with everything that mutual TLS needs, which tests then spoil.
#ifndef LB_TESTS_CONTROLLER_TLS_DIRECTORY_H_
#define LB_TESTS_CONTROLLER_TLS_DIRECTORY_H_

#include <fstream>
#include <string>

#include "controller/rpc/tls_access.h"
#include "tests/controller/temporary_directory.h"
#include "tests/controller/test_certificates.h"

namespace lb::controller {

// Trust domain lb.example; alice is an administrator, olga an operator, bob a
// viewer.
class TlsDirectory {
 public:
  TlsDirectory() {
    Write("ca.pem", authority.certificate());
    WriteIdentity(authority.IssueFor("spiffe://lb.example/controller"));
    Write("roles.yaml", "users: {alice: admin, olga: operator, bob: viewer}\n");
  }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_.path() + "/" + name, std::ios::trunc) << text;
  }
  void WriteIdentity(const IssuedCertificate& issued) const {
    Write("cert.pem", issued.certificate);
    Write("key.pem", issued.key);
  }

  TlsOptions Options() const {
    const std::string in = directory_.path() + "/";
    return {.address = {"127.0.0.1", 0},
            .certificate_file = in + "cert.pem",
            .key_file = in + "key.pem",
            .ca_file = in + "ca.pem",
            .trust_domain = "lb.example",
            .roles_file = in + "roles.yaml"};
  }

  const TestAuthority authority;

 private:
  const TemporaryDirectory directory_;
};

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_TLS_DIRECTORY_H_
