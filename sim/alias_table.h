// Draws an index in proportion to its weight in O(1): Walker's alias method in
// Vose's form (1991). Immutable; any thread.
#ifndef LB_SIM_ALIAS_TABLE_H_
#define LB_SIM_ALIAS_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/random.h"

namespace lb::sim {

class AliasTable {
 public:
  // 1..2^32-1 weights, none negative, one positive at least.
  explicit AliasTable(std::span<const double> weights);

  std::size_t size() const { return entries_.size(); }

  std::uint32_t Draw(Random& random) const {
    const std::uint64_t bits = random.Next();
    const auto place =
        static_cast<std::uint32_t>((bits >> 32) * entries_.size() >> 32);
    const Entry& entry = entries_[place];
    return static_cast<std::uint32_t>(bits) <= entry.kept ? place : entry.alias;
  }

 private:
  struct Entry {
    std::uint32_t kept = 0xffff'ffff;  // part of 2^32 that is not the alias'
    std::uint32_t alias = 0;
  };
  std::vector<Entry> entries_;
};

}  // namespace lb::sim

#endif  // LB_SIM_ALIAS_TABLE_H_
