// SipHash-c-d (Aumasson and Bernstein, "SipHash: a fast short-input PRF",
// 2012) over bytes, and SipHash-1-3 over what names a flow. Pure; any thread.
//
// The 32-bit results are the low half of the 64-bit ones, which is what Linux's
// hsiphash() returns on 64-bit machines.
#ifndef LB_DATAPLANE_CORE_SIPHASH_H_
#define LB_DATAPLANE_CORE_SIPHASH_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "common/flow_key.h"

namespace lb::dataplane {

static_assert(std::endian::native == std::endian::little,
              "words are read from memory as they lie");

// The 16 key bytes, as two little-endian words.
struct SipKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;

  static SipKey From(std::span<const std::uint8_t, 16> bytes) {
    SipKey key;
    std::memcpy(&key.k0, bytes.data(), 8);
    std::memcpy(&key.k1, bytes.data() + 8, 8);
    return key;
  }
};

// kCompress rounds a word and kFinish rounds at the end.
template <int kCompress, int kFinish>
class SipState {
 public:
  explicit SipState(const SipKey& key)
      : v0_(key.k0 ^ 0x736f6d6570736575),
        v1_(key.k1 ^ 0x646f72616e646f6d),
        v2_(key.k0 ^ 0x6c7967656e657261),
        v3_(key.k1 ^ 0x7465646279746573) {}

  // Takes in 8 bytes as a little-endian word.
  void Add(std::uint64_t word) {
    v3_ ^= word;
    for (int i = 0; i < kCompress; ++i) Round();
    v0_ ^= word;
  }

  // `rest` holds the last 0 to 7 bytes, `bytes` is the whole input's length.
  std::uint64_t Finish(std::uint64_t rest, std::size_t bytes) {
    Add(rest | std::uint64_t{bytes & 0xff} << 56);
    v2_ ^= 0xff;
    for (int i = 0; i < kFinish; ++i) Round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void Round() {
    v0_ += v1_;
    v2_ += v3_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v1_;
    v0_ += v3_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

// Any input.
template <int kCompress, int kFinish>
std::uint64_t SipHash(const SipKey& key, std::span<const std::uint8_t> input) {
  SipState<kCompress, kFinish> state(key);
  std::size_t done = 0;
  for (; input.size() - done >= 8; done += 8) {
    std::uint64_t word;
    std::memcpy(&word, input.data() + done, 8);
    state.Add(word);
  }
  std::uint64_t rest = 0;
  if (done < input.size()) {
    std::memcpy(&rest, input.data() + done, input.size() - done);
  }
  return state.Finish(rest, input.size());
}

// The source port and the destination port in network order, as a
// little-endian word of 4 bytes.
inline std::uint64_t SipPorts(const FlowKey& key) {
  return __builtin_bswap32(std::uint32_t{key.source_port} << 16 |
                           key.destination_port);
}

// SipHash-1-3 of the 12 bytes source address, destination address, source
// port, destination port, all in network order.
inline std::uint32_t SipHashIpv4(const SipKey& key, const FlowKey& flow) {
  std::uint32_t source;
  std::uint32_t destination;
  std::memcpy(&source, flow.source.data(), 4);
  std::memcpy(&destination, flow.destination.data(), 4);
  SipState<1, 3> state(key);
  state.Add(source | std::uint64_t{destination} << 32);
  return static_cast<std::uint32_t>(state.Finish(SipPorts(flow), 12));
}

// The same of the 36 bytes of an IPv6 flow.
inline std::uint32_t SipHashIpv6(const SipKey& key, const FlowKey& flow) {
  SipState<1, 3> state(key);
  std::uint64_t words[4];
  std::memcpy(&words[0], flow.source.data(), 16);
  std::memcpy(&words[2], flow.destination.data(), 16);
  for (const std::uint64_t word : words) state.Add(word);
  return static_cast<std::uint32_t>(state.Finish(SipPorts(flow), 36));
}

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_SIPHASH_H_
