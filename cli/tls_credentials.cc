#include "cli/tls_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/errors.h"
#include "common/status.h"

namespace lb::cli {

namespace tls = grpc::experimental;

struct TlsPeer::State {
  std::string expected;
  std::mutex mutex;
  std::string refusal;  // under the mutex: gRPC's threads write it
};

TlsPeer::TlsPeer(const std::string& trust_domain)
    : state_(std::make_shared<State>()) {
  state_->expected = absl::StrCat("spiffe://", trust_domain, "/controller");
}

std::string TlsPeer::refusal() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->refusal;
}

// Runs after gRPC has checked that the authority signed the certificate.
class PeerVerifier final : public tls::ExternalCertificateVerifier {
 public:
  explicit PeerVerifier(TlsPeer peer) : peer_(std::move(peer)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/,
              grpc::Status* sync_status) override {
    const std::vector<grpc::string_ref> uris = request->uri_names();
    TlsPeer::State& state = *peer_.state_;
    if (uris.size() == 1 && uris[0] == state.expected) return true;
    const std::string found = absl::StrJoin(
        uris, ", ", [](std::string* out, const grpc::string_ref& uri) {
          out->append(uri.data(), uri.size());
        });
    const std::scoped_lock lock(state.mutex);
    state.refusal =
        absl::StrCat("the peer is ", found.empty() ? "nobody known" : found,
                     ", not ", state.expected, "; see --trust-domain");
    *sync_status = {grpc::StatusCode::UNAUTHENTICATED, state.refusal};
    return true;
  }

  void Cancel(tls::TlsCustomVerificationCheckRequest* /*request*/) override {}

 private:
  const TlsPeer peer_;
};

namespace {

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  errno = 0;
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !text) {
    return UsageError(OneLine(ErrnoStatus(errno != 0 ? errno : EIO, path)));
  }
  if (text.str().find("-----BEGIN ") == std::string::npos) {
    return UsageError(path + " is not a PEM file");
  }
  return text.str();
}

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

std::unique_ptr<BIO, Free> Reader(const std::string& pem) {
  return std::unique_ptr<BIO, Free>(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// gRPC would only say that no handshake succeeds.
absl::Status CheckPair(const tls::IdentityKeyCertPair& pair,
                       const ConnectionOptions& options) {
  // Instead of asking at the terminal for an encrypted key's.
  pem_password_cb* const no_password = [](char*, int, int, void*) { return 0; };
  const std::unique_ptr<X509, Free> certificate(PEM_read_bio_X509(
      Reader(pair.certificate_chain).get(), nullptr, no_password, nullptr));
  if (certificate == nullptr) {
    return UsageError(options.tls_cert + " holds no certificate");
  }
  const std::unique_ptr<EVP_PKEY, Free> key(PEM_read_bio_PrivateKey(
      Reader(pair.private_key).get(), nullptr, no_password, nullptr));
  if (key == nullptr) {
    return UsageError(options.tls_key + " holds no key without a password");
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return UsageError(
        absl::StrCat(options.tls_key, " is not the key of ", options.tls_cert));
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0) {
    return UsageError(options.tls_cert + " has expired; get a new certificate");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(
    const ConnectionOptions& options, const TlsPeer& peer) {
  LB_ASSIGN_OR_RETURN(const std::string ca, ReadPem(options.tls_ca));
  tls::IdentityKeyCertPair pair;
  LB_ASSIGN_OR_RETURN(pair.private_key, ReadPem(options.tls_key));
  LB_ASSIGN_OR_RETURN(pair.certificate_chain, ReadPem(options.tls_cert));
  LB_RETURN_IF_ERROR(CheckPair(pair, options));
  tls::TlsChannelCredentialsOptions tls;
  tls.set_certificate_provider(
      std::make_shared<tls::StaticDataCertificateProvider>(
          ca, std::vector<tls::IdentityKeyCertPair>{std::move(pair)}));
  tls.watch_root_certs();
  tls.watch_identity_key_cert_pairs();
  tls.set_verify_server_certs(true);
  // Names of machines prove nothing here: the URI does.
  tls.set_check_call_host(false);
  tls.set_certificate_verifier(
      tls::ExternalCertificateVerifier::Create<PeerVerifier>(peer));
  return tls::TlsCredentials(tls);
}

}  // namespace lb::cli
