#include "common/table.h"

#include <bit>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "xxhash.h"

namespace lb {

std::string_view HashKindName(HashKind kind) {
  switch (kind) {
    case HashKind::kSipHash:
      return "siphash";
    case HashKind::kToeplitz:
      return "toeplitz";
  }
  return "unknown";
}

absl::StatusOr<HashKind> ParseHashKind(std::string_view name) {
  if (name == "siphash") return HashKind::kSipHash;
  if (name == "toeplitz") return HashKind::kToeplitz;
  return absl::InvalidArgumentError(absl::StrCat(
      "hash \"", ToAbsl(name), "\" is unknown; use siphash or toeplitz"));
}

absl::Status ValidateLayout(const Layout& layout) {
  if (!std::has_single_bit(layout.buckets) || layout.buckets < kMinBuckets ||
      layout.buckets > kMaxBuckets) {
    return absl::InvalidArgumentError(absl::StrCat(
        "buckets is ", layout.buckets, "; use a power of two from ",
        kMinBuckets, " to ", kMaxBuckets));
  }
  if (layout.processors.empty() || layout.processors.size() > kMaxProcessors) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", layout.processors.size(),
                     " processors; use 1 to ", kMaxProcessors));
  }
  for (std::size_t i = 0; i < layout.processors.size(); ++i) {
    const std::uint32_t capacity = layout.processors[i].capacity_permille;
    if (capacity < 1 || capacity > 1'000) {
      return absl::InvalidArgumentError(
          absl::StrCat("processor ", i, " has capacity ", capacity,
                       " permille; use 1 to 1000"));
    }
  }
  return absl::OkStatus();
}

Table DealRoundRobin(const Layout& layout) {
  Table table{layout.hash, layout.key_id, {}};
  table.owner.reserve(layout.buckets);
  for (std::uint32_t b = 0; b < layout.buckets; ++b) {
    table.owner.emplace_back(
        static_cast<std::uint16_t>(b % layout.processors.size()));
  }
  return table;
}

Digest ComputeDigest(const Table& table) {
  std::string bytes =
      absl::StrCat("lb-table-1:", table.owner.size(), ":",
                   ToAbsl(HashKindName(table.hash)), ":", table.key_id, ":");
  bytes.reserve(bytes.size() + 2 * table.owner.size());
  for (ProcessorId owner : table.owner) {
    bytes.push_back(static_cast<char>(owner.value() & 0xff));
    bytes.push_back(static_cast<char>(owner.value() >> 8));
  }
  return Digest(XXH3_64bits(bytes.data(), bytes.size()));
}

absl::Status ValidateTable(const Table& table, const Layout& layout) {
  if (table.owner.size() != layout.buckets) {
    return absl::InvalidArgumentError(
        absl::StrCat("table has ", table.owner.size(), " buckets, the host ",
                     layout.buckets));
  }
  if (table.hash != layout.hash) {
    return absl::InvalidArgumentError(
        absl::StrCat("table is for hash ", ToAbsl(HashKindName(table.hash)),
                     ", the host uses ", ToAbsl(HashKindName(layout.hash))));
  }
  if (table.key_id != layout.key_id) {
    return absl::InvalidArgumentError(absl::StrCat(
        "table is for key ", table.key_id, ", the host uses ", layout.key_id));
  }
  for (std::size_t b = 0; b < table.owner.size(); ++b) {
    if (table.owner[b].index() >= layout.processors.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "table gives bucket ", b, " to processor ", table.owner[b].value(),
          ", the host has ", layout.processors.size()));
    }
  }
  return absl::OkStatus();
}

}  // namespace lb
