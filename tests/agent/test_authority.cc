#include "tests/agent/test_authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>

namespace lb::agent {
namespace {

constexpr long kDay = 86'400;

void Require(bool done) {
  if (!done) std::abort();
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

std::string PemOf(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  Require(PEM_write_bio_X509(bio, certificate) == 1);
  return TextOf(bio);
}

std::string PemOf(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  Require(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr,
                                   nullptr) == 1);
  return TextOf(bio);
}

void AddExtension(X509* certificate, X509* issuer, int nid,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Require(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// For `key`, without a signature.
X509* NewCertificate(const std::string& name, EVP_PKEY* key, long serial,
                     int days) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), days * kDay);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate, key);
  return certificate;
}

}  // namespace

struct TestAuthority::Signer {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = NewCertificate("test authority", key, 1, 1);
  long issued = 1;
};

TestAuthority::TestAuthority() : signer_(std::make_unique<Signer>()) {
  X509* const own = signer_->certificate;
  X509_set_issuer_name(own, X509_get_subject_name(own));
  AddExtension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(own, own, NID_key_usage, "critical,keyCertSign");
  Require(X509_sign(own, signer_->key, EVP_sha256()) > 0);
  own_ = {PemOf(own), PemOf(signer_->key)};
}

TestAuthority::~TestAuthority() {
  X509_free(signer_->certificate);
  EVP_PKEY_free(signer_->key);
}

Issued TestAuthority::Issue(const std::vector<std::string>& uris,
                            int days) const {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate =
      NewCertificate("issued", key, ++signer_->issued, days);
  X509_set_issuer_name(certificate,
                       X509_get_subject_name(signer_->certificate));
  std::string names;
  for (const std::string& uri : uris) {
    names += (names.empty() ? "URI:" : ",URI:") + uri;
  }
  if (!names.empty()) {
    AddExtension(certificate, signer_->certificate, NID_subject_alt_name,
                 names);
  }
  Require(X509_sign(certificate, signer_->key, EVP_sha256()) > 0);
  Issued issued{PemOf(certificate), PemOf(key)};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return issued;
}

}  // namespace lb::agent
