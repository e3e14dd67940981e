// From a flow key to a 32-bit hash, and from the hash to a bucket. Covers
// source address, source port, destination address and destination port, and
// nothing else (claims C2, C8), in network order: 36 bytes for IPv6, 12 for
// everything else. Thread-compatible: const methods, any thread.
#ifndef LB_DATAPLANE_CORE_FLOW_HASH_H_
#define LB_DATAPLANE_CORE_FLOW_HASH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/flow_key.h"
#include "common/ids.h"
#include "common/table.h"
#include "dataplane/core/siphash.h"
#include "dataplane/core/toeplitz.h"

namespace lb::dataplane {

// kToeplitzKeyBytes (40) is Toeplitz's.
inline constexpr std::size_t kSipKeyBytes = 16;

// The key of the published RSS verification data, and the symmetric key
// (0x6d5a repeated; Woo and Park, 2012) for which both directions of a
// connection hash alike.
extern const ToeplitzKey kMicrosoftKey;
extern const ToeplitzKey kSymmetricKey;

// A hash function with its key. Value type; copies share Toeplitz's tables.
class FlowHash {
 public:
  // INVALID_ARGUMENT if the key's length does not fit the kind.
  static absl::StatusOr<FlowHash> Create(HashKind kind,
                                         std::span<const std::uint8_t> key);

  // Hashes the key as is; call Canonical() first where both directions of a
  // connection must agree.
  std::uint32_t operator()(const FlowKey& key) const;

  // hashes[i] = (*this)(*keys[i]); hashes.size() >= keys.size(). Faster in
  // bulk.
  void Bulk(std::span<const FlowKey* const> keys,
            std::span<std::uint32_t> hashes) const;

  HashKind kind() const { return kind_; }

  // True if (*this)(k) equals (*this)(Reversed(k)) for every k. SipHash is
  // not; it hashes canonical keys instead.
  bool symmetric() const { return symmetric_; }

  // First 8 hex digits of a one-way hash (SHA-256) of kind and key: names the
  // key in tables and reports without showing it.
  const std::string& key_id() const { return key_id_; }

 private:
  FlowHash(HashKind kind, std::span<const std::uint8_t> key);

  HashKind kind_;
  bool symmetric_ = false;
  SipKey sip_key_;
  std::shared_ptr<const Toeplitz> toeplitz_;  // null unless kToeplitz
  std::string key_id_;
};

// `buckets` is a power of two.
inline BucketId BucketOf(std::uint32_t hash, std::uint32_t buckets) {
  return BucketId(hash & (buckets - 1));
}

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_FLOW_HASH_H_
