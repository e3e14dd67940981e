#include "controller/core/audit.h"

#include <openssl/evp.h>

#include <cstddef>
#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/core/byte_codec.h"

namespace lb::controller {

Sha256 HashOf(std::string_view bytes) {
  Sha256 hash{};
  // Fails only without memory or without the algorithm, which OpenSSL has.
  if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, EVP_sha256(),
                 nullptr) != 1) {
    std::abort();
  }
  return hash;
}

std::string ToHex(const Sha256& hash) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash.data()),  // NOLINT
                        hash.size()));
}

absl::StatusOr<Sha256> ParseSha256(std::string_view hex) {
  Sha256 hash{};
  bool sound = hex.size() == 2 * hash.size();
  for (const char c : hex) {
    sound = sound && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }
  if (!sound) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", ToAbsl(hex), "\" is not a hash: 64 digits 0-9 and a-f"));
  }
  const std::string bytes = absl::HexStringToBytes(ToAbsl(hex));
  for (std::size_t i = 0; i < hash.size(); ++i) {
    hash[i] = static_cast<std::uint8_t>(bytes[i]);
  }
  return hash;
}

AuditRecord OwnAudit(std::string method, std::string resource) {
  AuditRecord record;
  record.caller = "controller";
  record.role = Role::kAdmin;
  record.method = std::move(method);
  record.resource = std::move(resource);
  record.outcome = "OK";
  return record;
}

Sha256 ChainHash(const Sha256& previous, const AuditRecord& record) {
  ByteWriter writer;
  const auto text = [&writer](std::string_view value) {
    writer.Unsigned(value.size());
    writer.Bytes(value);
  };
  text(std::string_view(
      reinterpret_cast<const char*>(previous.data()),  // NOLINT
      previous.size()));
  writer.Unsigned(record.sequence);
  writer.Unsigned(static_cast<std::uint64_t>(
      std::chrono::nanoseconds(record.time.time_since_epoch()).count()));
  text(record.caller);
  writer.Unsigned(static_cast<std::uint64_t>(record.role));
  for (const std::string* value :
       {&record.method, &record.resource, &record.outcome, &record.error,
        &record.reason, &record.request_id, &record.before, &record.after}) {
    text(*value);
  }
  writer.Unsigned(record.revision);
  return HashOf(std::move(writer).Take());
}

absl::Status ContinueChain(std::span<const AuditRecord> records,
                           AuditHead& head) {
  for (const AuditRecord& record : records) {
    if (record.sequence != head.sequence + 1) {
      return absl::DataLossError(absl::StrCat(
          "audit record ", head.sequence + 1, " is missing: after ",
          head.sequence, " comes ", record.sequence));
    }
    if (ChainHash(head.hash, record) != record.hash) {
      return absl::DataLossError(
          absl::StrCat("audit record ", record.sequence,
                       " was changed, or the one before it: its hash is not "
                       "of what it says"));
    }
    head = {record.sequence, record.hash};
  }
  return absl::OkStatus();
}

}  // namespace lb::controller
