// Strong types for the small numbers that name things, so that a bucket is
// never passed where a processor is meant. Pure values; any thread.
#ifndef LB_COMMON_IDS_H_
#define LB_COMMON_IDS_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace lb {

// An integer with a name. `Tag` keeps two ids of the same width apart.
template <class Tag, class Rep>
class Id {
 public:
  using rep = Rep;
  constexpr Id() = default;
  constexpr explicit Id(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  // For indexing arrays that hold one element per id.
  constexpr std::size_t index() const { return value_; }
  friend constexpr auto operator<=>(Id, Id) = default;

  template <class H>
  friend H AbslHashValue(H h, Id id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  Rep value_ = 0;
};

using BucketId = Id<struct BucketTag, std::uint32_t>;
using ProcessorId = Id<struct ProcessorTag, std::uint16_t>;
// Number of a controller's incarnation, and number of a plan within a host.
// Both only rise; 0 means "none yet".
using Term = Id<struct TermTag, std::uint64_t>;
using Epoch = Id<struct EpochTag, std::uint64_t>;

// Identifies a table's whole content; see Table::ComputeDigest().
using Digest = Id<struct DigestTag, std::uint64_t>;

}  // namespace lb

#endif  // LB_COMMON_IDS_H_
