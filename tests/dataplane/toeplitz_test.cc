#include "dataplane/core/toeplitz.h"

#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "dataplane/core/flow_hash.h"
#include "gtest/gtest.h"
#include "tests/dataplane/random_flow.h"

namespace lb::dataplane {
namespace {

struct Vector {
  FlowKey flow;
  std::uint32_t addresses;
  std::uint32_t addresses_and_ports;
};

std::vector<Vector> PublishedVectors() {
  std::ifstream file(LB_SOURCE_DIR "/tests/data/rss-vectors.tsv");
  std::vector<Vector> vectors;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream fields(line);
    std::string source;
    std::string destination;
    Vector v;
    fields >> source >> v.flow.source_port >> destination >>
        v.flow.destination_port >> std::hex >> v.addresses >>
        v.addresses_and_ports;
    EXPECT_TRUE(fields) << line;
    v.flow.source = ParseAddress(source)->address;
    v.flow.destination = ParseAddress(destination)->address;
    v.flow.version = ParseAddress(source)->version;
    vectors.push_back(v);
  }
  return vectors;
}

std::vector<ToeplitzMethod> Methods() {
  std::vector<ToeplitzMethod> methods = {ToeplitzMethod::kScalar,
                                         ToeplitzMethod::kTables};
  if (GfniAvailable()) methods.push_back(ToeplitzMethod::kGfni);
  return methods;
}

std::uint32_t HashOne(const Toeplitz& toeplitz, const FlowKey& flow) {
  const FlowKey* pointer = &flow;
  std::uint32_t hash = 0;
  toeplitz.Bulk({&pointer, 1}, {&hash, 1});
  return hash;
}

// The published column without ports is the hash of the addresses alone,
// which is also that of zero ports: zero bits add nothing.
TEST(Toeplitz, HoldsThePublishedVectors) {
  const std::vector<Vector> vectors = PublishedVectors();
  ASSERT_EQ(vectors.size(), 8u);
  for (const ToeplitzMethod method : Methods()) {
    const Toeplitz toeplitz(kMicrosoftKey, method);
    for (const Vector& v : vectors) {
      EXPECT_EQ(HashOne(toeplitz, v.flow), v.addresses_and_ports)
          << FormatFlowKey(v.flow) << " method " << static_cast<int>(method);
      FlowKey portless = v.flow;
      portless.source_port = portless.destination_port = 0;
      EXPECT_EQ(HashOne(toeplitz, portless), v.addresses)
          << FormatFlowKey(v.flow) << " method " << static_cast<int>(method);
    }
  }
}

TEST(ToeplitzScalar, HashesAddressesAlone) {
  for (const Vector& v : PublishedVectors()) {
    const ToeplitzInput input(v.flow);
    EXPECT_EQ(ToeplitzScalar(kMicrosoftKey, input.span().first(input.size - 4)),
              v.addresses);
  }
}

ToeplitzKey RandomKey(std::mt19937_64& random) {
  ToeplitzKey key;
  for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random());
  return key;
}

TEST(Toeplitz, EveryMethodAgreesWithTheDefinition) {
  constexpr unsigned kSeed = 20260102;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 20; ++round) {
    const ToeplitzKey key = RandomKey(random);
    std::vector<FlowKey> flows;
    for (int i = 0; i < 500; ++i) flows.push_back(RandomFlow(random));
    flows.emplace_back();  // the key of what cannot be parsed
    std::vector<const FlowKey*> pointers;
    for (const FlowKey& flow : flows) pointers.push_back(&flow);
    for (const ToeplitzMethod method : Methods()) {
      const Toeplitz toeplitz(key, method);
      std::vector<std::uint32_t> hashes(flows.size());
      toeplitz.Bulk(pointers, hashes);
      for (std::size_t i = 0; i < flows.size(); ++i) {
        EXPECT_EQ(hashes[i],
                  ToeplitzScalar(key, ToeplitzInput(flows[i]).span()))
            << FormatFlowKey(flows[i]) << " method " << static_cast<int>(method)
            << " seed " << kSeed;
      }
    }
  }
}

TEST(BestToeplitzMethod, IsOneThisMachineHas) {
  EXPECT_EQ(BestToeplitzMethod(), Methods().back());
}

// A key is symmetric when it repeats every 16 bits; changing any one bit that
// a flow can reach breaks that, and some flow shows it.
TEST(IsSymmetric, IsWhatHashingBothDirectionsShows) {
  constexpr unsigned kSeed = 20260103;
  std::mt19937_64 random(kSeed);
  const auto both_alike = [&random](const ToeplitzKey& key) {
    for (int i = 0; i < 2'000; ++i) {
      const FlowKey flow = RandomFlow(random);
      if (ToeplitzScalar(key, ToeplitzInput(flow).span()) !=
          ToeplitzScalar(key, ToeplitzInput(Reversed(flow)).span())) {
        return false;
      }
    }
    return true;
  };
  EXPECT_TRUE(IsSymmetric(kSymmetricKey));
  EXPECT_TRUE(both_alike(kSymmetricKey));
  EXPECT_FALSE(IsSymmetric(kMicrosoftKey));
  EXPECT_FALSE(both_alike(kMicrosoftKey));
  for (std::size_t bit = 0; bit < 8 * kToeplitzKeyBytes; bit += 7) {
    ToeplitzKey key = kSymmetricKey;
    key[bit / 8] = static_cast<std::uint8_t>(key[bit / 8] ^ 0x80u >> bit % 8);
    EXPECT_EQ(IsSymmetric(key), both_alike(key)) << "bit " << bit;
  }
}

}  // namespace
}  // namespace lb::dataplane
