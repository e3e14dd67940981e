#include "common/spiffe_id.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr std::size_t kMaxIdBytes = 2'048;
constexpr std::size_t kMaxDomainBytes = 255;

bool IsPunctuation(char c) { return c == '.' || c == '-' || c == '_'; }

bool IsOfDomain(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c)) || IsPunctuation(c);
}

bool IsOfSegment(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || IsPunctuation(c);
}

absl::Status ValidateSegment(std::string_view segment) {
  if (segment.empty()) {
    return absl::InvalidArgumentError("its path has an empty segment");
  }
  if (segment == "." || segment == "..") {
    return absl::InvalidArgumentError("its path has a relative segment");
  }
  if (!std::all_of(segment.begin(), segment.end(), IsOfSegment)) {
    return absl::InvalidArgumentError(
        "its path has more than letters, digits, '.', '-' and '_'");
  }
  return absl::OkStatus();
}

// `path` begins with a slash.
absl::Status ValidatePath(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    LB_RETURN_IF_ERROR(ValidateSegment(path.substr(0, end)));
    path.remove_prefix(end);
  }
  return absl::OkStatus();
}

absl::StatusOr<SpiffeId> Parse(std::string_view text) {
  if (text.size() > kMaxIdBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is longer than ", kMaxIdBytes, " bytes"));
  }
  if (text.substr(0, kScheme.size()) != kScheme) {
    return absl::InvalidArgumentError("it does not begin with spiffe://");
  }
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) {
    return absl::InvalidArgumentError("it has no path");
  }
  SpiffeId id{std::string(rest.substr(0, slash)),
              std::string(rest.substr(slash))};
  LB_RETURN_IF_ERROR(ValidateTrustDomain(id.trust_domain));
  LB_RETURN_IF_ERROR(ValidatePath(id.path));
  return id;
}

}  // namespace

std::string FormatSpiffeId(const SpiffeId& id) {
  return absl::StrCat(ToAbsl(kScheme), id.trust_domain, id.path);
}

absl::StatusOr<SpiffeId> ParseSpiffeId(std::string_view text) {
  absl::StatusOr<SpiffeId> id = Parse(text);
  if (id.ok()) return id;
  return Annotate(id.status(),
                  absl::StrCat("\"", ToAbsl(text.substr(0, kMaxDomainBytes)),
                               "\" is not a SPIFFE id"));
}

absl::Status ValidateTrustDomain(std::string_view domain) {
  if (domain.empty() || domain.size() > kMaxDomainBytes ||
      !std::all_of(domain.begin(), domain.end(), IsOfDomain)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "trust domain \"", ToAbsl(domain.substr(0, kMaxDomainBytes)),
        "\" is not 1 to ", kMaxDomainBytes,
        " lower-case letters, digits, '.', '-' and '_'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<SpiffeId> PeerSpiffeId(std::span<const std::string> uri_names,
                                      std::string_view trust_domain) {
  if (uri_names.size() != 1) {
    return absl::PermissionDeniedError(
        absl::StrCat("the certificate has ", uri_names.size(),
                     " URI names, must have one, its SPIFFE id"));
  }
  absl::StatusOr<SpiffeId> id = ParseSpiffeId(uri_names.front());
  if (!id.ok()) return absl::PermissionDeniedError(id.status().message());
  if (id->trust_domain != trust_domain) {
    return absl::PermissionDeniedError(absl::StrCat(
        FormatSpiffeId(*id), " is not of trust domain ", ToAbsl(trust_domain)));
  }
  return id;
}

SpiffeId ControllerSpiffeId(std::string_view trust_domain) {
  return {std::string(trust_domain), "/controller"};
}

SpiffeId AgentSpiffeId(std::string_view trust_domain, std::string_view host) {
  return {std::string(trust_domain), absl::StrCat("/agent/", ToAbsl(host))};
}

}  // namespace lb
