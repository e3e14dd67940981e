#include "tests/controller/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>

namespace lb::controller {
namespace {

// OpenSSL's calls give 1, or a pointer, if they worked.
template <class T>
T Must(T result) {
  if (!result) std::abort();
  return result;
}

template <class Write>
std::string ToPem(Write write) {
  BIO* bio = Must(BIO_new(BIO_s_mem()));
  Must(write(bio));
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string pem(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string PemOf(X509* certificate) {
  return ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string PemOf(EVP_PKEY* key) {
  return ToPem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr,
                                    nullptr);
  });
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension =
      Must(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  Must(X509_add_ext(certificate, extension, -1));
  X509_EXTENSION_free(extension);
}

void AddCommonName(X509_NAME* name, const std::string& text) {
  Must(X509_NAME_add_entry_by_txt(
      name, "CN", MBSTRING_ASC,
      reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0));
}

// Unsigned, with a name of its own, for `key`; issued by itself for now.
X509* Blank(EVP_PKEY* key, const std::string& kind, std::chrono::seconds begins,
            std::chrono::seconds ends) {
  static long serial = 0;
  X509* certificate = Must(X509_new());
  Must(X509_set_version(certificate, X509_VERSION_3));
  Must(ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial));
  Must(X509_gmtime_adj(X509_getm_notBefore(certificate), begins.count()));
  Must(X509_gmtime_adj(X509_getm_notAfter(certificate), ends.count()));
  Must(X509_set_pubkey(certificate, key));
  X509_NAME* name = X509_get_subject_name(certificate);
  AddCommonName(name, kind + " " + std::to_string(serial));
  Must(X509_set_issuer_name(certificate, name));
  return certificate;
}

}  // namespace

TestAuthority::TestAuthority()
    : key_(Must(EVP_EC_gen("P-256"))),
      certificate_(Blank(key_.get(), "test authority", std::chrono::hours(-48),
                         std::chrono::hours(48))) {
  AddExtension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_.get(), NID_key_usage, "critical,keyCertSign");
  Must(X509_sign(certificate_.get(), key_.get(), EVP_sha256()));
}

IssuedCertificate TestAuthority::Issue(const CertificateWish& wish) const {
  const std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>> key(
      Must(EVP_EC_gen("P-256")));
  const std::unique_ptr<X509, Freer<X509_free>> certificate(
      Blank(key.get(), "somebody", wish.begins, wish.ends));
  Must(X509_set_issuer_name(certificate.get(),
                            X509_get_subject_name(certificate_.get())));
  if (!wish.names.empty()) {
    AddExtension(certificate.get(), NID_subject_alt_name, wish.names);
  }
  Must(X509_sign(certificate.get(), key_.get(), EVP_sha256()));
  return {PemOf(certificate.get()), PemOf(key.get())};
}

std::string TestAuthority::certificate() const {
  return PemOf(certificate_.get());
}

}  // namespace lb::controller
