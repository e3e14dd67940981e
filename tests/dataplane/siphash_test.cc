#include "dataplane/core/siphash.h"

#include <array>
#include <numeric>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

// 00 01 02 ...
template <std::size_t kBytes>
std::array<std::uint8_t, kBytes> Counting() {
  std::array<std::uint8_t, kBytes> bytes;
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

const SipKey kKey = SipKey::From(Counting<16>());

// The example of the paper's appendix A pins the rounds.
TEST(SipHash, TwoFourOfThePaper) {
  EXPECT_EQ((SipHash<2, 4>(kKey, Counting<15>())), 0xa129ca6149be45e5);
}

// vectors.h of the authors' reference implementation, by input length.
TEST(SipHash, TwoFourOfTheReference) {
  constexpr std::array<std::uint64_t, 9> kExpected = {
      0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a,
      0x85676696d7fb7e2d, 0xcf2794e0277187b7, 0x18765564cd99a68d,
      0xcbc9466e58fee3ce, 0xab0200f58b01d137, 0x93f5f5799a932462};
  const auto input = Counting<9>();
  for (std::size_t bytes = 0; bytes < kExpected.size(); ++bytes) {
    EXPECT_EQ((SipHash<2, 4>(kKey, std::span(input).first(bytes))),
              kExpected[bytes])
        << bytes << " bytes";
  }
}

// What Linux expects of hsiphash() on 64-bit machines (lib/siphash_kunit.c),
// by input length.
TEST(SipHash, OneThreeAsHsiphash) {
  constexpr std::array<std::uint32_t, 40> kExpected = {
      0x050fc4dc, 0x7d57ca93, 0x4dc7d44d, 0xe7ddf7fb, 0x88d38328, 0x49533b67,
      0xc59f22a7, 0x9bb11140, 0x8d299a8e, 0x6c063de4, 0x92ff097f, 0xf94dc352,
      0x57b4d9a2, 0x1229ffa7, 0xc0f95d34, 0x2a519956, 0x7d908b66, 0x63dbd80c,
      0xb473e63e, 0x8d297d1c, 0xa6cce040, 0x2b45f844, 0xa320872e, 0xdae6c123,
      0x67349c8c, 0x705b0979, 0xca9913a5, 0x4ade3b35, 0xef6cd00d, 0x4ab1e1f4,
      0x43c5e663, 0x8c21d1bc, 0x16a7b60d, 0x7a8ff9bf, 0x1f2a753e, 0xbf186b91,
      0xada26206, 0xa3c33057, 0xae3a36a1, 0x7b108392};
  const auto input = Counting<40>();
  for (std::size_t bytes = 0; bytes < kExpected.size(); ++bytes) {
    EXPECT_EQ(static_cast<std::uint32_t>(
                  SipHash<1, 3>(kKey, std::span(input).first(bytes))),
              kExpected[bytes])
        << bytes << " bytes";
  }
}

// The flow whose 12 bytes are 00 01 02 ..., and the one whose 36 are.
TEST(SipHashFlow, IsHsiphashOfTheFlowsBytes) {
  FlowKey flow;
  flow.source = {0, 1, 2, 3};
  flow.destination = {4, 5, 6, 7};
  flow.source_port = 0x0809;
  flow.destination_port = 0x0a0b;
  EXPECT_EQ(SipHashIpv4(kKey, flow), 0x57b4d9a2u);
  std::iota(flow.source.begin(), flow.source.end(), std::uint8_t{0});
  std::iota(flow.destination.begin(), flow.destination.end(), std::uint8_t{16});
  flow.source_port = 0x2021;
  flow.destination_port = 0x2223;
  EXPECT_EQ(SipHashIpv6(kKey, flow), 0xada26206u);
}

// SipHash-1-3 as the paper's section 2 has it, with none of the code above.
std::uint64_t ByThePaper(const SipKey& key, std::vector<std::uint8_t> input) {
  const std::size_t length = input.size();
  while (input.size() % 8 != 7) input.push_back(0);
  input.push_back(static_cast<std::uint8_t>(length));
  std::array<std::uint64_t, 4> v = {
      key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d,
      key.k0 ^ 0x6c7967656e657261, key.k1 ^ 0x7465646279746573};
  const auto mix = [&v](std::size_t a, std::size_t b, int rotate_b,
                        bool rotate_a) {
    const auto rotl = [](std::uint64_t x, int n) {
      return x << n | x >> (64 - n);
    };
    v[a] += v[b];
    v[b] = rotl(v[b], rotate_b) ^ v[a];
    if (rotate_a) v[a] = rotl(v[a], 32);
  };
  const auto round = [&mix] {
    mix(0, 1, 13, true);
    mix(2, 3, 16, false);
    mix(2, 1, 17, true);
    mix(0, 3, 21, false);
  };
  for (std::size_t i = 0; i < input.size(); i += 8) {
    std::uint64_t word = 0;
    for (std::size_t b = 0; b < 8; ++b) {
      word |= std::uint64_t{input[i + b]} << (8 * b);
    }
    v[3] ^= word;
    round();
    v[0] ^= word;
  }
  v[2] ^= 0xff;
  for (int i = 0; i < 3; ++i) round();
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

TEST(SipHash, AgreesWithThePaperOnRandomInput) {
  constexpr unsigned kSeed = 20260101;
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 2'000; ++i) {
    const SipKey key{random(), random()};
    std::vector<std::uint8_t> input(random() % 80);
    for (std::uint8_t& byte : input) byte = static_cast<std::uint8_t>(random());
    EXPECT_EQ((SipHash<1, 3>(key, input)), ByThePaper(key, input))
        << "seed " << kSeed << ", input " << i;
  }
}

}  // namespace
}  // namespace lb::dataplane
