#include "controller/rpc/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {
namespace {

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
void FreeStack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }

using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;
using StoreContext =
    std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;
using Stack = std::unique_ptr<STACK_OF(X509), Freer<FreeStack>>;

Bio Reader(std::string_view pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Every certificate of `pem`, in order.
std::vector<X509Ptr> AllCertificates(std::string_view pem) {
  std::vector<X509Ptr> all;
  const Bio reader = Reader(pem);
  while (X509* one =
             PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)) {
    all.emplace_back(one);
  }
  ERR_clear_error();  // what is left says that there are no more
  return all;
}

WallTime TimeFrom(const ASN1_TIME* time) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(time, &utc) != 1) return WallTime::min();
  return std::chrono::system_clock::from_time_t(timegm(&utc));
}

std::vector<std::string> UrisOf(const X509* certificate) {
  std::vector<std::string> uris;
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    const unsigned char* bytes = ASN1_STRING_get0_data(uri);
    uris.emplace_back(bytes, bytes + ASN1_STRING_length(uri));
  }
  return uris;
}

absl::Status CheckChain(const std::vector<X509Ptr>& chain,
                        const std::vector<X509Ptr>& authorities, WallTime now) {
  const Store store(X509_STORE_new());
  for (const X509Ptr& authority : authorities) {
    X509_STORE_add_cert(store.get(), authority.get());
  }
  const Stack intermediates(sk_X509_new_null());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    X509_up_ref(chain[i].get());
    sk_X509_push(intermediates.get(), chain[i].get());
  }
  const StoreContext context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), chain[0].get(),
                      intermediates.get());
  X509_STORE_CTX_set_time(context.get(), 0,
                          std::chrono::system_clock::to_time_t(now));
  if (X509_verify_cert(context.get()) == 1) return absl::OkStatus();
  const int error = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  return absl::InvalidArgumentError(
      absl::StrCat("the certificate is not valid under the authorities: ",
                   X509_verify_cert_error_string(error)));
}

}  // namespace

absl::StatusOr<Certificate> ReadCertificate(std::string_view pem) {
  const std::vector<X509Ptr> all = AllCertificates(pem);
  if (all.empty()) {
    return absl::InvalidArgumentError("there is no certificate in PEM");
  }
  const X509* first = all.front().get();
  Certificate certificate;
  certificate.uris = UrisOf(first);
  certificate.not_before = TimeFrom(X509_get0_notBefore(first));
  certificate.not_after = TimeFrom(X509_get0_notAfter(first));
  X509_digest(first, EVP_sha256(), certificate.fingerprint.data(), nullptr);
  return certificate;
}

absl::StatusOr<std::string> OnlyUri(const Certificate& certificate) {
  if (certificate.uris.size() == 1) return certificate.uris.front();
  return WithReason(absl::UnauthenticatedError(absl::StrCat(
                        "the certificate names ", certificate.uris.size(),
                        " URIs; exactly one says who somebody is")),
                    "BAD_CERTIFICATE");
}

absl::Status CheckKeyPair(const KeyPair& pair, WallTime now) {
  const std::vector<X509Ptr> chain = AllCertificates(pair.certificates);
  if (chain.empty()) {
    return absl::InvalidArgumentError("there is no certificate in PEM");
  }
  const std::vector<X509Ptr> authorities = AllCertificates(pair.authorities);
  if (authorities.empty()) {
    return absl::InvalidArgumentError(
        "there is no authority's certificate in PEM");
  }
  // Without a terminal nobody is asked for a passphrase.
  const KeyPtr key(PEM_read_bio_PrivateKey(
      Reader(pair.key).get(), nullptr,
      [](char*, int, int, void*) { return -1; }, nullptr));
  const bool own = key != nullptr &&
                   X509_check_private_key(chain.front().get(), key.get()) == 1;
  ERR_clear_error();
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        "there is no private key in PEM, without a passphrase");
  }
  if (!own) {
    return absl::InvalidArgumentError(
        "the private key is not the certificate's");
  }
  return CheckChain(chain, authorities, now);
}

}  // namespace lb::controller
