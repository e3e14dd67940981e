// A certificate authority that lives for one test. One thread.
#ifndef LB_TESTS_CLI_TEST_AUTHORITY_H_
#define LB_TESTS_CLI_TEST_AUTHORITY_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace lb::cli {

class TestAuthority {
 public:
  TestAuthority();

  struct Identity {
    std::string certificate;  // PEM
    std::string key;
  };
  // How many days from now a certificate ends.
  static constexpr int kTomorrow = 1;
  static constexpr int kPast = -1;

  // A certificate, from two days ago, that names `uri` and nothing else.
  Identity Issue(const std::string& uri, int end_days = kTomorrow) const;

  const std::string& certificate() const { return certificate_pem_; }

 private:
  struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
  using Certificate = std::unique_ptr<X509, FreeCertificate>;

  static Key MakeKey();
  // Signed by `issuer_key`; without an issuer: by itself.
  static Certificate Sign(EVP_PKEY* subject_key, const std::string& name,
                          const std::string& extension_value, int extension,
                          const X509* issuer, EVP_PKEY* issuer_key,
                          int end_days);

  Key key_;
  Certificate certificate_;
  std::string certificate_pem_;
};

}  // namespace lb::cli

#endif  // LB_TESTS_CLI_TEST_AUTHORITY_H_
