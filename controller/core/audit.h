// The audit: who changed what, and who tried; a chain in which every record
// holds the hash of the one before. Pure values; any thread.
#ifndef LB_CONTROLLER_CORE_AUDIT_H_
#define LB_CONTROLLER_CORE_AUDIT_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/access.h"

namespace lb::controller {

using Sha256 = std::array<std::uint8_t, 32>;

// FIPS 180-4.
Sha256 HashOf(std::string_view bytes);
// 64 lower-case digits, and back; INVALID_ARGUMENT.
std::string ToHex(const Sha256& hash);
absl::StatusOr<Sha256> ParseSha256(std::string_view hex);

// The newest record of the chain. Kept elsewhere, it proves what came before.
struct AuditHead {
  std::uint64_t sequence = 0;  // 0: the chain is empty, the hash zero
  Sha256 hash{};

  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

struct AuditRecord {
  std::uint64_t sequence = 0;  // from 1, without gaps; given by the store
  WallTime time;
  std::string caller;
  Role role = Role::kViewer;
  std::string method;
  std::string resource;
  std::string outcome;     // "OK", or a status code's name
  std::string error;       // of a refusal, in one line
  std::string reason;      // the caller's
  std::string request_id;  // the caller's
  std::string before;      // what was changed, as JSON; empty: nothing
  std::string after;
  std::uint64_t revision = 0;  // of the commit; given by the store
  Sha256 hash{};               // given by the store
};

// Of what the controller did by itself, such as reading its files. Times,
// numbers, before and after are the caller's to fill in.
AuditRecord OwnAudit(std::string method, std::string resource);

// The hash of `record` (its own hash ignored) after one that ended in
// `previous`: SHA-256 over `previous` and every field in the order of its
// declaration, each with its length before it.
Sha256 ChainHash(const Sha256& previous, const AuditRecord& record);

// OK if `records`, ascending, continue the chain after `head`, which is then
// moved to their end; DATA_LOSS naming the first record that does not.
absl::Status ContinueChain(std::span<const AuditRecord> records,
                           AuditHead& head);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_AUDIT_H_
