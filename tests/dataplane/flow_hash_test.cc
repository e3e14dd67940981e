#include "dataplane/core/flow_hash.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/random_flow.h"

namespace lb::dataplane {
namespace {

constexpr std::array<std::uint8_t, kSipKeyBytes> kSipKey = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

std::vector<FlowHash> AllHashes() {
  return {*FlowHash::Create(HashKind::kSipHash, kSipKey),
          *FlowHash::Create(HashKind::kToeplitz, kMicrosoftKey),
          *FlowHash::Create(HashKind::kToeplitz, kSymmetricKey)};
}

TEST(FlowHash, RefusesAKeyOfTheWrongLength) {
  for (const HashKind kind : {HashKind::kSipHash, HashKind::kToeplitz}) {
    const std::size_t right = kind == HashKind::kSipHash ? 16 : 40;
    for (std::size_t bytes = 0; bytes <= 48; ++bytes) {
      const std::vector<std::uint8_t> key(bytes, 7);
      const auto hash = FlowHash::Create(kind, key);
      if (bytes == right) {
        EXPECT_TRUE(hash.ok()) << hash.status();
        continue;
      }
      EXPECT_EQ(hash.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(hash.status().message()),
                  testing::HasSubstr(std::to_string(bytes) + " bytes"));
    }
  }
}

TEST(FlowHash, BulkIsOneByOne) {
  constexpr unsigned kSeed = 20260104;
  std::mt19937_64 random(kSeed);
  std::vector<FlowKey> flows;
  for (int i = 0; i < 1'000; ++i) flows.push_back(RandomFlow(random));
  std::vector<const FlowKey*> pointers;
  for (const FlowKey& flow : flows) pointers.push_back(&flow);
  for (const FlowHash& hash : AllHashes()) {
    for (const std::size_t count :
         std::vector<std::size_t>{0, 1, 3, 64, 1'000}) {
      std::vector<std::uint32_t> hashes(flows.size(), 0xdeadbeef);
      hash.Bulk(std::span(pointers).first(count), hashes);
      for (std::size_t i = 0; i < flows.size(); ++i) {
        EXPECT_EQ(hashes[i], i < count ? hash(flows[i]) : 0xdeadbeef)
            << FormatFlowKey(flows[i]) << " seed " << kSeed;
      }
    }
  }
}

TEST(FlowHash, CoversAddressesAndPortsAndNothingElse) {
  for (const FlowHash& hash : AllHashes()) {
    for (const IpVersion version : {IpVersion::kIpv4, IpVersion::kIpv6}) {
      std::mt19937_64 random(20260105);
      const FlowKey flow = RandomFlow(random, version);
      FlowKey other = flow;
      other.protocol = 132;
      EXPECT_EQ(hash(other), hash(flow));
      const std::size_t bytes = version == IpVersion::kIpv6 ? 16 : 4;
      for (std::size_t bit = 0; bit < 8 * bytes; ++bit) {
        FlowKey source = flow;
        source.source[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
        EXPECT_NE(hash(source), hash(flow)) << "bit " << bit;
        FlowKey destination = flow;
        destination.destination[bit / 8] ^=
            static_cast<std::uint8_t>(1u << bit % 8);
        EXPECT_NE(hash(destination), hash(flow)) << "bit " << bit;
      }
      for (std::size_t bit = 0; bit < 16; ++bit) {
        FlowKey source = flow;
        source.source_port ^= static_cast<std::uint16_t>(1u << bit);
        EXPECT_NE(hash(source), hash(flow)) << "bit " << bit;
        FlowKey destination = flow;
        destination.destination_port ^= static_cast<std::uint16_t>(1u << bit);
        EXPECT_NE(hash(destination), hash(flow)) << "bit " << bit;
      }
    }
  }
}

TEST(FlowHash, BothDirectionsHashAlike) {
  constexpr unsigned kSeed = 20260106;
  std::mt19937_64 random(kSeed);
  const FlowHash symmetric =
      *FlowHash::Create(HashKind::kToeplitz, kSymmetricKey);
  const FlowHash sip = *FlowHash::Create(HashKind::kSipHash, kSipKey);
  EXPECT_TRUE(symmetric.symmetric());
  EXPECT_FALSE(sip.symmetric());
  int sip_differs = 0;
  for (int i = 0; i < 10'000; ++i) {
    const FlowKey flow = RandomFlow(random);
    EXPECT_EQ(symmetric(flow), symmetric(Reversed(flow)))
        << FormatFlowKey(flow) << " seed " << kSeed;
    EXPECT_EQ(sip(Canonical(flow)), sip(Canonical(Reversed(flow))));
    sip_differs += sip(flow) != sip(Reversed(flow)) ? 1 : 0;
  }
  EXPECT_GT(sip_differs, 9'990);
}

// 100,000 random flows over 1,024 buckets: chi-squared has 1,023 degrees of
// freedom, so mean 1,023 and standard deviation 45; six of them is the bound.
TEST(FlowHash, SpreadsRandomFlowsEvenly) {
  constexpr unsigned kSeed = 20260107;
  constexpr std::uint32_t kBuckets = 1'024;
  constexpr int kFlows = 100'000;
  for (const FlowHash& hash : AllHashes()) {
    for (const IpVersion version : {IpVersion::kIpv4, IpVersion::kIpv6}) {
      std::mt19937_64 random(kSeed);
      std::vector<int> buckets(kBuckets);
      for (int i = 0; i < kFlows; ++i) {
        ++buckets[BucketOf(hash(RandomFlow(random, version)), kBuckets)
                      .index()];
      }
      const double expected = double{kFlows} / kBuckets;
      double chi_squared = 0;
      for (const int n : buckets) {
        chi_squared += (n - expected) * (n - expected) / expected;
      }
      EXPECT_LT(std::abs(chi_squared - 1'023), 6 * std::sqrt(2 * 1'023.0))
          << HashKindName(hash.kind()) << " seed " << kSeed;
    }
  }
}

// Consecutive addresses and ports, as one site behind one server has them.
TEST(FlowHash, SipHashSpreadsNeighbouringFlowsEvenly) {
  const FlowHash hash = *FlowHash::Create(HashKind::kSipHash, kSipKey);
  std::vector<int> buckets(64);
  FlowKey flow;
  flow.version = IpVersion::kIpv4;
  flow.source = {10, 0, 0, 0};
  flow.destination = {10, 0, 1, 1};
  flow.destination_port = 443;
  for (std::uint8_t host = 0; host < 200; ++host) {
    flow.source[3] = host;
    for (std::uint16_t port = 32'768; port < 32'868; ++port) {
      flow.source_port = port;
      ++buckets[BucketOf(hash(flow), 64).index()];
    }
  }
  const double expected = 20'000.0 / 64;
  double chi_squared = 0;
  for (const int n : buckets) {
    chi_squared += (n - expected) * (n - expected) / expected;
  }
  EXPECT_LT(chi_squared, 63 + 6 * std::sqrt(2 * 63.0));
}

TEST(FlowHash, KeyIdNamesKindAndKey) {
  std::vector<std::string> ids;
  for (const FlowHash& hash : AllHashes()) ids.push_back(hash.key_id());
  std::array<std::uint8_t, kSipKeyBytes> other = kSipKey;
  other[15] ^= 1;
  ids.push_back(FlowHash::Create(HashKind::kSipHash, other)->key_id());
  for (const std::string& id : ids) {
    EXPECT_EQ(id.size(), 8u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
  EXPECT_EQ(AllHashes()[0].key_id(), ids[0]);
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
}

// printf 'lb-key-1:toeplitz:' | cat - KEY | sha256sum: ids are stored in
// tables, so they must never change.
TEST(FlowHash, KeyIdIsStable) {
  EXPECT_EQ(FlowHash::Create(HashKind::kToeplitz, kMicrosoftKey)->key_id(),
            "4369f797");
}

TEST(BucketOf, TakesTheLowBits) {
  EXPECT_EQ(BucketOf(0xffff'ffff, 1'024), BucketId(1'023));
  EXPECT_EQ(BucketOf(0x0001'0400, 1'024), BucketId(0));
  EXPECT_EQ(BucketOf(0x0001'0403, 65'536), BucketId(0x403));
}

}  // namespace
}  // namespace lb::dataplane
