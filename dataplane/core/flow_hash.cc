#include "dataplane/core/flow_hash.h"

#include <openssl/sha.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "dataplane/core/siphash_bulk.h"

namespace lb::dataplane {
namespace {

std::string KeyId(HashKind kind, std::span<const std::uint8_t> key) {
  std::string text = absl::StrCat("lb-key-1:", ToAbsl(HashKindName(kind)), ":");
  text.append(key.begin(), key.end());
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         digest.data());
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), 4));
}

}  // namespace

const ToeplitzKey kMicrosoftKey = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
    0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
    0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
    0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

const ToeplitzKey kSymmetricKey = {
    0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
    0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
    0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
    0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a};

absl::StatusOr<FlowHash> FlowHash::Create(HashKind kind,
                                          std::span<const std::uint8_t> key) {
  const std::size_t bytes =
      kind == HashKind::kSipHash ? kSipKeyBytes : kToeplitzKeyBytes;
  if (key.size() != bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "hash key has ", key.size(), " bytes; ", ToAbsl(HashKindName(kind)),
        " needs ", bytes, " (", 2 * bytes, " hex digits)"));
  }
  return FlowHash(kind, key);
}

FlowHash::FlowHash(HashKind kind, std::span<const std::uint8_t> key)
    : kind_(kind), key_id_(KeyId(kind, key)) {
  if (kind == HashKind::kSipHash) {
    sip_key_ = SipKey::From(key.first<kSipKeyBytes>());
    return;
  }
  ToeplitzKey toeplitz_key;
  std::ranges::copy(key, toeplitz_key.begin());
  symmetric_ = IsSymmetric(toeplitz_key);
  toeplitz_ =
      std::make_shared<const Toeplitz>(toeplitz_key, BestToeplitzMethod());
}

std::uint32_t FlowHash::operator()(const FlowKey& key) const {
  if (kind_ == HashKind::kSipHash) return SipHashFlow(sip_key_, key);
  const FlowKey* flow = &key;
  std::uint32_t hash = 0;
  toeplitz_->Bulk({&flow, 1}, {&hash, 1});
  return hash;
}

void FlowHash::Bulk(std::span<const FlowKey* const> keys,
                    std::span<std::uint32_t> hashes) const {
  if (kind_ == HashKind::kToeplitz) {
    toeplitz_->Bulk(keys, hashes);
    return;
  }
  SipHashBulk(sip_key_, keys, hashes);
}

}  // namespace lb::dataplane
