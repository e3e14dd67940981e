#include "dataplane/engine/deal.h"

#include <cstddef>
#include <cstdint>

namespace lb::dataplane {
namespace {

std::vector<ProcessorId> Heirs(const std::vector<bool>& in_service,
                               const Table& table) {
  std::vector<bool> has_buckets(in_service.size());
  for (const ProcessorId owner : table.owner) has_buckets[owner.index()] = true;
  std::vector<ProcessorId> all;
  std::vector<ProcessorId> busy;
  for (std::size_t p = 0; p < in_service.size(); ++p) {
    if (!in_service[p]) continue;
    const ProcessorId id(static_cast<std::uint16_t>(p));
    all.push_back(id);
    if (has_buckets[p]) busy.push_back(id);
  }
  return busy.empty() ? all : busy;
}

}  // namespace

std::vector<BucketId> DealToThoseInService(const std::vector<bool>& in_service,
                                           Table& table) {
  const std::vector<ProcessorId> heirs = Heirs(in_service, table);
  std::vector<BucketId> dealt;
  for (std::uint32_t b = 0; b < table.owner.size(); ++b) {
    if (in_service[table.owner[b].index()]) continue;
    table.owner[b] = heirs[dealt.size() % heirs.size()];
    dealt.emplace_back(b);
  }
  return dealt;
}

}  // namespace lb::dataplane
