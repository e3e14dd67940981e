#include "dataplane/engine/deal.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace lb::dataplane {
namespace {

std::vector<ProcessorId> Heirs(const std::vector<ProcessorStanding>& processors,
                               const Table& table) {
  std::vector<bool> has_buckets(processors.size());
  for (const ProcessorId owner : table.owner) has_buckets[owner.index()] = true;
  const bool all_drained = std::all_of(
      processors.begin(), processors.end(),
      [](const ProcessorStanding& p) { return !p.in_service || p.drained; });
  std::vector<ProcessorId> all;
  std::vector<ProcessorId> busy;
  for (std::size_t p = 0; p < processors.size(); ++p) {
    if (!processors[p].in_service) continue;
    if (processors[p].drained && !all_drained) continue;
    const ProcessorId id(static_cast<std::uint16_t>(p));
    all.push_back(id);
    if (has_buckets[p]) busy.push_back(id);
  }
  return busy.empty() ? all : busy;
}

}  // namespace

std::vector<BucketId> DealToThoseInService(
    const std::vector<ProcessorStanding>& processors, Table& table) {
  const std::vector<ProcessorId> heirs = Heirs(processors, table);
  std::vector<BucketId> dealt;
  for (std::uint32_t b = 0; b < table.owner.size(); ++b) {
    if (processors[table.owner[b].index()].in_service) continue;
    table.owner[b] = heirs[dealt.size() % heirs.size()];
    dealt.emplace_back(b);
  }
  return dealt;
}

}  // namespace lb::dataplane
