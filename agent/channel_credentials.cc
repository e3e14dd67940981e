#include "agent/channel_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <functional>
#include <utility>
#include <vector>

#include "common/spiffe_id.h"
#include "common/status.h"

namespace lb::agent {
namespace {

using grpc::experimental::ExternalCertificateVerifier;
using grpc::experimental::TlsCustomVerificationCheckRequest;

// After gRPC has checked the chain. Any thread.
class ControllerVerifier final : public ExternalCertificateVerifier {
 public:
  explicit ControllerVerifier(std::string trust_domain)
      : trust_domain_(std::move(trust_domain)) {}

  bool Verify(TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    std::vector<std::string> uris;
    for (const grpc::string_ref& name : request->uri_names()) {
      uris.emplace_back(name.data(), name.size());
    }
    const absl::Status is_controller = Check(uris);
    if (!is_controller.ok()) {
      *sync_status = {
          grpc::StatusCode::UNAUTHENTICATED,
          "who answers is not the controller: " + OneLine(is_controller)};
    }
    return true;
  }

  void Cancel(TlsCustomVerificationCheckRequest*) override {}

 private:
  absl::Status Check(const std::vector<std::string>& uris) const {
    LB_ASSIGN_OR_RETURN(const SpiffeId id, PeerSpiffeId(uris, trust_domain_));
    if (id == ControllerSpiffeId(trust_domain_)) return absl::OkStatus();
    return absl::PermissionDeniedError("it is " + FormatSpiffeId(id));
  }

  const std::string trust_domain_;
};

}  // namespace

std::shared_ptr<grpc::ChannelCredentials> MutualTls(
    const TlsMaterial& material, const std::string& trust_domain) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
          material.authorities,
          std::vector<grpc::experimental::IdentityKeyCertPair>{
              {material.key, material.certificates}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_certificate_verifier(
      ExternalCertificateVerifier::Create<ControllerVerifier>(trust_domain));
  options.set_check_call_host(false);
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace lb::agent
