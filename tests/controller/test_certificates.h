// Certificates for tests of TLS, made when they are needed.
#ifndef LB_TESTS_CONTROLLER_TEST_CERTIFICATES_H_
#define LB_TESTS_CONTROLLER_TEST_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>

namespace lb::controller {

struct IssuedCertificate {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

// What a certificate says. Times are from now.
struct CertificateWish {
  // As OpenSSL's configuration has them: "URI:spiffe://x/agent/a,DNS:b".
  std::string names;
  std::chrono::seconds begins = std::chrono::hours(-1);
  std::chrono::seconds ends = std::chrono::hours(24);
};

// An authority with a key of its own. Aborts on errors of OpenSSL.
class TestAuthority {
 public:
  TestAuthority();

  IssuedCertificate Issue(const CertificateWish& wish) const;
  // With only a URI, and DNS:localhost for who looks at that.
  IssuedCertificate IssueFor(const std::string& uri) const {
    return Issue({.names = "URI:" + uri + ",DNS:localhost"});
  }
  std::string certificate() const;  // PEM

 private:
  template <auto kFree>
  struct Freer {
    template <class T>
    void operator()(T* object) const {
      kFree(object);
    }
  };

  std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>> key_;
  std::unique_ptr<X509, Freer<X509_free>> certificate_;
};

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_TEST_CERTIFICATES_H_
