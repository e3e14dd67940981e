#include "controller/rpc/identity.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {
namespace {

constexpr std::size_t kLongestName = 63;

// Like a host's name; so is a user's.
bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         absl::ascii_isalnum(static_cast<unsigned char>(name.front())) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '.' || c == '-' || c == '_';
         });
}

absl::Status Denied(const Identity& identity, const Method& method,
                    std::string_view why) {
  return WithReason(
      absl::PermissionDeniedError(absl::StrCat(
          method.name, " is refused to ", identity.name, ": ", ToAbsl(why))),
      "ROLE_REQUIRED");
}

}  // namespace

Role StrongestRole(const Identity& identity) {
  return identity.roles.empty()
             ? Role::kNone
             : *std::max_element(identity.roles.begin(), identity.roles.end());
}

absl::StatusOr<Caller> Permit(const Identity& identity, const Method& method) {
  if (!method.needs) {
    return Denied(identity, method, "it is open to nobody");
  }
  for (const Role role : identity.roles) {
    if (Allows(role, *method.needs)) return Caller{identity.name, role};
  }
  return Denied(
      identity, method,
      absl::StrCat("its role is ", ToAbsl(RoleName(StrongestRole(identity))),
                   ", and the method needs ", ToAbsl(RoleName(*method.needs)),
                   "; use ", ToAbsl(RoleName(*method.needs)),
                   ".sock, or have that role given"));
}

absl::StatusOr<SpiffeId> ParseSpiffeId(std::string_view uri,
                                       std::string_view trust_domain) {
  const std::string root = absl::StrCat("spiffe://", ToAbsl(trust_domain), "/");
  const auto after = [&uri](std::string_view prefix) {
    return uri.starts_with(prefix) ? std::optional(uri.substr(prefix.size()))
                                   : std::nullopt;
  };
  if (uri == root + "controller") return SpiffeId{PeerKind::kController, ""};
  if (const auto host = after(root + "agent/"); host && IsName(*host)) {
    return SpiffeId{PeerKind::kAgent, std::string(*host)};
  }
  if (const auto user = after(root + "user/"); user && IsName(*user)) {
    return SpiffeId{PeerKind::kUser, std::string(*user)};
  }
  return WithReason(
      absl::UnauthenticatedError(absl::StrCat(
          "the certificate's URI \"",
          absl::CHexEscape(ToAbsl(uri.substr(0, 200))), "\" is none of ", root,
          "agent/HOST, ", root, "controller and ", root, "user/NAME")),
      "BAD_CERTIFICATE");
}

absl::Status ValidateTrustDomain(std::string_view trust_domain) {
  const bool sound =
      !trust_domain.empty() && trust_domain.size() <= 255 &&
      std::all_of(trust_domain.begin(), trust_domain.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return absl::ascii_islower(byte) || absl::ascii_isdigit(byte) ||
               c == '.' || c == '-' || c == '_';
      });
  if (sound) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "trust domain \"", absl::CHexEscape(ToAbsl(trust_domain.substr(0, 300))),
      "\" is none: use lower-case letters, digits, '.', '-' and '_', such as "
      "lb.example.com"));
}

}  // namespace lb::controller
