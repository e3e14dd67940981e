#include "controller/rpc/tls_access.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/text_file.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "nlohmann/json.hpp"

namespace lb::controller {
namespace {

// gRPC looks at its copies so often.
constexpr unsigned kRefreshSeconds = 1;

std::string IdentityPem(const KeyPair& pair) {
  return absl::StrCat(pair.certificates, "\n", pair.key);
}

// The certificate is ours to show: agents expect a controller.
absl::Status CheckOwnName(const Certificate& own,
                          const std::string& trust_domain) {
  const absl::StatusOr<std::string> uri = OnlyUri(own);
  if (!uri.ok()) return absl::InvalidArgumentError(uri.status().message());
  const absl::StatusOr<SpiffeId> id = ParseSpiffeId(*uri, trust_domain);
  if (id.ok() && id->kind == PeerKind::kController) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the certificate names ", absl::CHexEscape(*uri),
      "; a controller's names spiffe://", trust_domain, "/controller"));
}

std::string Describe(const TlsFiles& files) {
  nlohmann::json roles = nlohmann::json::object();
  for (const auto& [user, role] : files.roles) roles[user] = RoleName(role);
  return nlohmann::json({{"certificate", ToHex(files.own.fingerprint)},
                         {"expires", FormatWallTime(files.own.not_after)},
                         {"authorities", ToHex(HashOf(files.pair.authorities))},
                         {"roles", roles}})
      .dump();
}

}  // namespace

absl::StatusOr<TlsFiles> ReadTlsFiles(const TlsOptions& options, WallTime now) {
  LB_RETURN_IF_ERROR(ValidateTrustDomain(options.trust_domain));
  TlsFiles files;
  LB_ASSIGN_OR_RETURN(files.pair.certificates,
                      ReadTextFile(options.certificate_file));
  LB_ASSIGN_OR_RETURN(files.pair.key, ReadTextFile(options.key_file));
  LB_ASSIGN_OR_RETURN(files.pair.authorities, ReadTextFile(options.ca_file));
  absl::Status fits = CheckKeyPair(files.pair, now);
  if (fits.ok()) {
    LB_ASSIGN_OR_RETURN(files.own, ReadCertificate(files.pair.certificates));
    fits = CheckOwnName(files.own, options.trust_domain);
  }
  if (!fits.ok()) {
    return Annotate(fits, absl::StrCat("certificate ", options.certificate_file,
                                       " with key ", options.key_file, " and ",
                                       options.ca_file));
  }
  LB_ASSIGN_OR_RETURN(files.roles, ReadRolesFile(options.roles_file));
  return files;
}

TlsAccess::TlsAccess(TlsOptions options, const TlsFiles& files,
                     StagedFile identity, StagedFile authorities,
                     const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      identity_(std::move(identity)),
      authorities_(std::move(authorities)),
      peers_(options_.trust_domain, files.roles, clock),
      in_force_(Describe(files)) {}

absl::StatusOr<std::unique_ptr<TlsAccess>> TlsAccess::Open(TlsOptions options,
                                                           const Clock& clock) {
  LB_ASSIGN_OR_RETURN(const TlsFiles files,
                      ReadTlsFiles(options, clock.Wall()));
  LB_ASSIGN_OR_RETURN(StagedFile identity,
                      StagedFile::Make(IdentityPem(files.pair)));
  LB_ASSIGN_OR_RETURN(StagedFile authorities,
                      StagedFile::Make(files.pair.authorities));
  return std::unique_ptr<TlsAccess>(
      new TlsAccess(std::move(options), files, std::move(identity),
                    std::move(authorities), clock));
}

absl::Status TlsAccess::Reload() {
  LB_ASSIGN_OR_RETURN(TlsFiles files, ReadTlsFiles(options_, clock_.Wall()));
  LB_RETURN_IF_ERROR(identity_.Replace(IdentityPem(files.pair)));
  LB_RETURN_IF_ERROR(authorities_.Replace(files.pair.authorities));
  in_force_ = Describe(files);
  peers_.SetRoles(std::move(files.roles));
  return absl::OkStatus();
}

std::shared_ptr<grpc::ServerCredentials> TlsAccess::Credentials() const {
  namespace tls = grpc::experimental;
  tls::TlsServerCredentialsOptions options(
      std::make_shared<tls::FileWatcherCertificateProvider>(
          identity_.path(), identity_.path(), authorities_.path(),
          kRefreshSeconds));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return tls::TlsServerCredentials(options);
}

}  // namespace lb::controller
