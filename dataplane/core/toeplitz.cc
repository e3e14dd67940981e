#include "dataplane/core/toeplitz.h"

#include <cstring>

#include "dataplane/core/toeplitz_gfni.h"

namespace lb::dataplane {
namespace {

// The 32 key bits that start at bit `position`, the key's first bit being 0.
std::uint32_t Window(const ToeplitzKey& key, std::size_t position) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    const std::size_t byte = position / 8 + i;
    bits = bits << 8 | (byte < key.size() ? key[byte] : 0);
  }
  return static_cast<std::uint32_t>(bits >> (8 - position % 8));
}

// Whether the key treats `bits` from `first` like those from `second`.
bool Agree(const ToeplitzKey& key, std::size_t first, std::size_t second,
           std::size_t bits) {
  for (std::size_t i = 0; i < bits; ++i) {
    if (Window(key, first + i) != Window(key, second + i)) return false;
  }
  return true;
}

void StorePort(std::uint8_t* to, std::uint16_t port) {
  to[0] = static_cast<std::uint8_t>(port >> 8);
  to[1] = static_cast<std::uint8_t>(port);
}

}  // namespace

std::uint32_t ToeplitzScalar(const ToeplitzKey& key,
                             std::span<const std::uint8_t> input) {
  std::uint32_t hash = 0;
  for (std::size_t bit = 0; bit < 8 * input.size(); ++bit) {
    if ((input[bit / 8] >> (7 - bit % 8) & 1) != 0) hash ^= Window(key, bit);
  }
  return hash;
}

bool IsSymmetric(const ToeplitzKey& key) {
  return Agree(key, 0, 32, 32) && Agree(key, 64, 80, 16) &&  // IPv4
         Agree(key, 0, 128, 128) && Agree(key, 256, 272, 16);
}

ToeplitzMethod BestToeplitzMethod() {
  return GfniAvailable() ? ToeplitzMethod::kGfni : ToeplitzMethod::kTables;
}

ToeplitzInput::ToeplitzInput(const FlowKey& flow) {
  const std::size_t address = flow.version == IpVersion::kIpv6 ? 16 : 4;
  std::memcpy(bytes.data(), flow.source.data(), address);
  std::memcpy(bytes.data() + address, flow.destination.data(), address);
  StorePort(bytes.data() + 2 * address, flow.source_port);
  StorePort(bytes.data() + 2 * address + 2, flow.destination_port);
  size = 2 * address + 4;
}

Toeplitz::Toeplitz(const ToeplitzKey& key, ToeplitzMethod method)
    : key_(key), method_(method), matrices_(key) {
  for (std::size_t byte = 0; byte < tables_.size(); ++byte) {
    for (std::size_t value = 0; value < 256; ++value) {
      std::uint32_t sum = 0;
      for (std::size_t bit = 0; bit < 8; ++bit) {
        if ((value >> (7 - bit) & 1) != 0) sum ^= Window(key, 8 * byte + bit);
      }
      tables_[byte][value] = sum;
    }
  }
}

// Straight from the flow key: first writing its bytes down in a row costs as
// much as looking them up.
template <std::size_t kAddressBytes>
std::uint32_t Toeplitz::Lookup(const FlowKey& flow) const {
  std::uint32_t hash = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < kAddressBytes; ++i) {
    hash ^= tables_[at++][flow.source[i]];
  }
  for (std::size_t i = 0; i < kAddressBytes; ++i) {
    hash ^= tables_[at++][flow.destination[i]];
  }
  for (const std::uint16_t port : {flow.source_port, flow.destination_port}) {
    hash ^= tables_[at++][port >> 8];
    hash ^= tables_[at++][port & 0xff];
  }
  return hash;
}

void Toeplitz::Bulk(std::span<const FlowKey* const> flows,
                    std::span<std::uint32_t> hashes) const {
  switch (method_) {
    case ToeplitzMethod::kGfni:
      return matrices_.Bulk(flows, hashes);
    case ToeplitzMethod::kTables:
      for (std::size_t i = 0; i < flows.size(); ++i) {
        const FlowKey& flow = *flows[i];
        hashes[i] = flow.version == IpVersion::kIpv6 ? Lookup<16>(flow)
                                                     : Lookup<4>(flow);
      }
      return;
    case ToeplitzMethod::kScalar:
      for (std::size_t i = 0; i < flows.size(); ++i) {
        hashes[i] = ToeplitzScalar(key_, ToeplitzInput(*flows[i]).span());
      }
      return;
  }
}

}  // namespace lb::dataplane
