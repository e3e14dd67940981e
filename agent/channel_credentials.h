// How an agent proves itself to its controller, and the controller to it.
#ifndef LB_AGENT_CHANNEL_CREDENTIALS_H_
#define LB_AGENT_CHANNEL_CREDENTIALS_H_

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

#include "agent/tls_files.h"

namespace lb::agent {

// Mutual TLS: shows the material's certificate, and takes for a controller only
// who has a certificate of its authorities whose one URI name is
// spiffe://TRUST_DOMAIN/controller. What the certificate says of host names
// does not matter. The end of a session says why a peer was refused.
std::shared_ptr<grpc::ChannelCredentials> MutualTls(
    const TlsMaterial& material, const std::string& trust_domain);

}  // namespace lb::agent

#endif  // LB_AGENT_CHANNEL_CREDENTIALS_H_
