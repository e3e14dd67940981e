#include "cli/endpoint.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/errors.h"
#include "common/controller_target.h"
#include "common/status.h"

namespace lb::cli {
namespace {

struct RoleSocket {
  v1::Role role;
  const char* file;
};
// By rights, the least first.
constexpr std::array<RoleSocket, 3> kSockets = {
    {{v1::ROLE_VIEWER, "viewer.sock"},
     {v1::ROLE_OPERATOR, "operator.sock"},
     {v1::ROLE_ADMIN, "admin.sock"}}};

bool MayOpen(const std::string& path) {
  return access(path.c_str(), R_OK | W_OK) == 0 || errno != EACCES;
}

absl::StatusOr<Endpoint> Socket(const std::string& path) {
  const std::string name = "unix:" + path;
  const auto target = ParseControllerTarget(name, PlaintextTcp::kRefused);
  if (!target.ok()) return UsageError(OneLine(target.status()));
  return Endpoint{.name = name, .target = *target, .tls = false};
}

absl::Status Denied(const std::string& path) {
  return AnswerError(
      absl::StatusCode::kPermissionDenied,
      absl::StrCat(path,
                   " may not be opened by this user; join its group, "
                   "or name another controller with --controller"));
}

absl::StatusOr<Endpoint> DefaultSocket(const std::string& run_dir,
                                       v1::Role role) {
  std::string least;  // that suffices
  for (const RoleSocket& socket : kSockets) {
    if (socket.role < role) continue;
    const std::string path = absl::StrCat(run_dir, "/", socket.file);
    if (MayOpen(path)) return Socket(path);
    if (least.empty()) least = path;
  }
  return Denied(least);
}

absl::Status CheckTls(const ConnectionOptions& options) {
  const std::array<std::pair<const std::string*, const char*>, 4> parts = {
      {{&options.tls_cert, "--tls-cert"},
       {&options.tls_key, "--tls-key"},
       {&options.tls_ca, "--tls-ca"},
       {&options.trust_domain, "--trust-domain"}}};
  for (const auto& [value, name] : parts) {
    if (value->empty()) {
      return UsageError(
          absl::StrCat("mutual TLS needs --tls-cert, --tls-key, --tls-ca and "
                       "--trust-domain; ",
                       name, " is missing"));
    }
  }
  return absl::OkStatus();
}

bool WantsTls(const ConnectionOptions& options) {
  return !options.tls_cert.empty() || !options.tls_key.empty() ||
         !options.tls_ca.empty() || !options.trust_domain.empty();
}

// A flag, that is, and not its variable, which may be there for other calls.
bool IsFlag(const std::string& value, const char* variable) {
  // Nothing here ever sets a variable.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* const in_environment = std::getenv(variable);
  return !value.empty() &&
         (in_environment == nullptr || value != in_environment);
}

absl::Status CheckNoTlsFlag(const ConnectionOptions& options) {
  if (IsFlag(options.tls_cert, "LBCTL_TLS_CERT") ||
      IsFlag(options.tls_key, "LBCTL_TLS_KEY") ||
      IsFlag(options.tls_ca, "LBCTL_TLS_CA") ||
      IsFlag(options.trust_domain, "LBCTL_TRUST_DOMAIN")) {
    return UsageError(
        "a unix socket takes no TLS; leave --tls-... and --trust-domain out, "
        "or add --controller HOST:PORT");
  }
  return absl::OkStatus();
}

bool IsHostAndPort(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::uint32_t port = 0;
  return colon != std::string::npos && colon > 0 &&
         text.find('/') == std::string::npos &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port >= 1 &&
         port <= 65'535;
}

absl::StatusOr<Endpoint> TlsEndpoint(const ConnectionOptions& options) {
  LB_RETURN_IF_ERROR(CheckTls(options));
  if (!IsHostAndPort(options.controller)) {
    return UsageError(
        absl::StrCat("controller \"", options.controller,
                     "\" is not a target; use unix:PATH or HOST:PORT"));
  }
  return Endpoint{.name = options.controller,
                  .target = absl::StrCat("dns:///", options.controller),
                  .tls = true};
}

}  // namespace

void AddConnectionOptions(Command program, ConnectionOptions& options) {
  program.SharedOption("--controller", "LBCTL_CONTROLLER",
                       Text(options.controller, "TARGET"),
                       "Controller to ask: unix:PATH or HOST:PORT. Without it: "
                       "the socket in --run-dir with the least rights that "
                       "suffices");
  program.SharedOption("--run-dir", "LBCTL_RUN_DIR",
                       Text(options.run_dir, "DIR"),
                       "Where the controller has its sockets");
  program.SharedOption("--tls-cert", "LBCTL_TLS_CERT",
                       Text(options.tls_cert, "FILE"),
                       "For HOST:PORT: this user's certificate, PEM");
  program.SharedOption("--tls-key", "LBCTL_TLS_KEY",
                       Text(options.tls_key, "FILE"), "Its key, PEM");
  program.SharedOption("--tls-ca", "LBCTL_TLS_CA", Text(options.tls_ca, "FILE"),
                       "Certificate of the authority to trust, PEM");
  program.SharedOption("--trust-domain", "LBCTL_TRUST_DOMAIN",
                       Text(options.trust_domain, "DOMAIN"),
                       "The controller must be spiffe://DOMAIN/controller");
  program.SharedFlag("--insecure-loopback", options.insecure_loopback,
                     "Allow plaintext TCP to a controller on loopback");
  program.SharedOption("--timeout", "",
                       Real(options.timeout_s, "S", 0.001, 86'400),
                       "Seconds to wait for an answer");
}

absl::StatusOr<Endpoint> ChooseEndpoint(const ConnectionOptions& options,
                                        v1::Role role) {
  const bool socket =
      options.controller.empty() || options.controller.starts_with("unix:");
  if (socket) {
    LB_RETURN_IF_ERROR(CheckNoTlsFlag(options));
  }
  if (options.controller.empty()) return DefaultSocket(options.run_dir, role);
  if (socket) {
    const std::string path = options.controller.substr(5);
    return MayOpen(path) ? Socket(path) : Denied(path);
  }
  if (options.insecure_loopback && WantsTls(options)) {
    return UsageError(
        "--insecure-loopback is plaintext and --tls-... is not; "
        "use one of them");
  }
  if (WantsTls(options)) return TlsEndpoint(options);
  if (!options.insecure_loopback && IsHostAndPort(options.controller)) {
    return UsageError(absl::StrCat(
        "controller \"", options.controller,
        "\" is TCP: add --tls-cert, --tls-key, --tls-ca and --trust-domain, or "
        "--insecure-loopback for plaintext on loopback"));
  }
  const auto target = ParseControllerTarget(
      options.controller, options.insecure_loopback ? PlaintextTcp::kOnLoopback
                                                    : PlaintextTcp::kRefused);
  if (!target.ok()) return UsageError(OneLine(target.status()));
  return Endpoint{.name = options.controller, .target = *target, .tls = false};
}

}  // namespace lb::cli
