#include "controller/rpc/peers.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/rpc/certificate.h"
#include "grpc/grpc_security_constants.h"

namespace lb::controller {
namespace {

constexpr std::string_view kUser = "user/";

std::string NameOf(const SpiffeId& id) {
  switch (id.kind) {
    case PeerKind::kAgent:
      return absl::StrCat("agent/", id.name);
    case PeerKind::kUser:
      return absl::StrCat(ToAbsl(kUser), id.name);
    case PeerKind::kController:
      return "controller";
  }
  return "";
}

}  // namespace

TlsPeers::TlsPeers(std::string trust_domain, UserRoles roles,
                   const Clock& clock)
    : trust_domain_(std::move(trust_domain)),
      clock_(clock),
      roles_(std::move(roles)) {}

void TlsPeers::SetRoles(UserRoles roles) {
  const std::lock_guard lock(mutex_);
  roles_ = std::move(roles);
}

absl::StatusOr<Identity> TlsPeers::Identify(
    const grpc::ServerContextBase& context) const {
  const std::vector<grpc::string_ref> pem =
      context.auth_context()->FindPropertyValues(
          GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pem.size() != 1) {
    return WithReason(
        absl::UnauthenticatedError("the peer has shown no certificate"),
        "BAD_CERTIFICATE");
  }
  return IdentifyCertificate({pem[0].data(), pem[0].size()});
}

absl::StatusOr<Identity> TlsPeers::IdentifyCertificate(
    std::string_view pem) const {
  LB_ASSIGN_OR_RETURN(const Certificate certificate, ReadCertificate(pem));
  LB_ASSIGN_OR_RETURN(const std::string uri, OnlyUri(certificate));
  LB_ASSIGN_OR_RETURN(const SpiffeId id, ParseSpiffeId(uri, trust_domain_));
  return Renew({.name = NameOf(id),
                .roles = id.kind == PeerKind::kAgent ? std::vector{Role::kAgent}
                                                     : std::vector<Role>(),
                .host = id.kind == PeerKind::kAgent ? id.name : "",
                .expires = certificate.not_after});
}

absl::StatusOr<Identity> TlsPeers::Renew(const Identity& identity) const {
  if (identity.expires && *identity.expires <= clock_.Wall()) {
    return WithReason(absl::UnauthenticatedError(absl::StrCat(
                          "the certificate of ", identity.name, " expired at ",
                          FormatWallTime(*identity.expires))),
                      "CERTIFICATE_EXPIRED");
  }
  Identity renewed = identity;
  if (identity.name.starts_with(kUser)) {
    const std::lock_guard lock(mutex_);
    const auto role = roles_.find(identity.name.substr(kUser.size()));
    renewed.roles.clear();
    if (role != roles_.end()) renewed.roles.push_back(role->second);
  }
  return renewed;
}

}  // namespace lb::controller
