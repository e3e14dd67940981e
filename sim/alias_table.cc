#include "sim/alias_table.h"

namespace lb::sim {

AliasTable::AliasTable(std::span<const double> weights)
    : entries_(weights.size()) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  std::vector<double> scaled;  // mean 1
  std::vector<std::uint32_t> light;
  std::vector<std::uint32_t> heavy;
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    scaled.push_back(weights[i] / sum * static_cast<double>(weights.size()));
    entries_[i].alias = i;
    (scaled[i] < 1 ? light : heavy).push_back(i);
  }
  while (!light.empty() && !heavy.empty()) {
    const std::uint32_t taker = light.back();
    const std::uint32_t giver = heavy.back();
    light.pop_back();
    entries_[taker] = {static_cast<std::uint32_t>(scaled[taker] * 0xffff'ffff),
                       giver};
    scaled[giver] -= 1 - scaled[taker];
    if (scaled[giver] < 1) {
      heavy.pop_back();
      light.push_back(giver);
    }
  }
  // What is left on either side is 1 but for rounding, and keeps all.
}

}  // namespace lb::sim
