#include "tests/cli/test_authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace lb::cli {
namespace {

constexpr long kDay = 86'400;  // NOLINT(google-runtime-int): OpenSSL's type

template <class Write>
std::string ToPem(const Write& write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);  // NOLINT: OpenSSL's type
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string ToPem(X509* certificate) {
  return ToPem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
}

std::string ToPem(EVP_PKEY* key) {
  return ToPem([&](BIO* bio) {
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

}  // namespace

TestAuthority::Key TestAuthority::MakeKey() { return Key(EVP_EC_gen("P-256")); }

TestAuthority::Certificate TestAuthority::Sign(
    EVP_PKEY* subject_key, const std::string& name,
    const std::string& extension_value, int extension, const X509* issuer,
    EVP_PKEY* issuer_key, int end_days) {
  Certificate certificate(X509_new());
  X509* const x = certificate.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -2 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(x), end_days * kDay);
  X509_set_pubkey(x, subject_key);
  X509_NAME* const subject = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(
      subject, "CN", MBSTRING_ASC,
      reinterpret_cast<const unsigned char*>(name.c_str()),  // NOLINT: bytes
      -1, -1, 0);
  X509_set_issuer_name(
      x, issuer == nullptr ? subject : X509_get_subject_name(issuer));
  X509_EXTENSION* const ext =
      X509V3_EXT_conf_nid(nullptr, nullptr, extension, extension_value.c_str());
  X509_add_ext(x, ext, -1);
  X509_EXTENSION_free(ext);
  X509_sign(x, issuer_key, EVP_sha256());
  return certificate;
}

TestAuthority::TestAuthority()
    : key_(MakeKey()),
      certificate_(Sign(key_.get(), "authority", "critical,CA:TRUE",
                        NID_basic_constraints, nullptr, key_.get(), kTomorrow)),
      certificate_pem_(ToPem(certificate_.get())) {}

TestAuthority::Identity TestAuthority::Issue(const std::string& uri,
                                             int end_days) const {
  const Key key = MakeKey();
  const Certificate certificate =
      Sign(key.get(), "somebody", "URI:" + uri, NID_subject_alt_name,
           certificate_.get(), key_.get(), end_days);
  return {ToPem(certificate.get()), ToPem(key.get())};
}

}  // namespace lb::cli
