// Where the API is served, and as whom. Pure values.
#ifndef LB_CONTROLLER_RPC_LISTEN_OPTIONS_H_
#define LB_CONTROLLER_RPC_LISTEN_OPTIONS_H_

#include <array>
#include <optional>
#include <string>

#include "controller/core/access.h"
#include "controller/rpc/listen_address.h"

namespace lb::controller {

struct TlsOptions {
  TcpAddress address;
  // PEM: the controller's certificate, with intermediates after it, its key
  // without a passphrase, and the authorities of everybody who connects.
  std::string certificate_file;
  std::string key_file;
  std::string ca_file;
  std::string trust_domain;  // such as "lb.example.com"
  std::string roles_file;
};

struct ListenOptions {
  // agent.sock, viewer.sock, operator.sock and admin.sock are made here, mode
  // 0660: who can open one has its role. Empty: none.
  std::string run_directory;
  // Plaintext on loopback: everybody is an agent, of any host, and an
  // administrator.
  std::optional<TcpAddress> insecure_loopback;
  // Mutual TLS: everybody is whom his certificate names.
  std::optional<TlsOptions> tls;

  // The socket of a role that sockets have: kAgent, ..., kAdmin.
  std::string socket(Role role) const;
};

// The roles that sockets give.
inline constexpr std::array kSocketRoles = {Role::kAgent, Role::kViewer,
                                            Role::kOperator, Role::kAdmin};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_LISTEN_OPTIONS_H_
