#include "dataplane/engine/published_table.h"

#include <algorithm>
#include <utility>

namespace lb::dataplane {

PublishedTable::PublishedTable(std::size_t dispatchers,
                               std::vector<ProcessorId> owner)
    : states_(dispatchers) {
  tables_.push_back(
      std::make_unique<const TableVersion>(TableVersion{1, std::move(owner)}));
  newest_.store(tables_.back().get());
}

std::uint64_t PublishedTable::Publish(std::vector<ProcessorId> owner) {
  const std::uint64_t version = tables_.back()->version + 1;
  tables_.push_back(std::make_unique<const TableVersion>(
      TableVersion{version, std::move(owner)}));
  newest_.store(tables_.back().get(), std::memory_order_seq_cst);
  newest_version_.store(version, std::memory_order_seq_cst);
  // A dispatcher that has passed version v holds no pointer to anything older.
  const auto in_use = std::find_if(
      tables_.begin(), tables_.end() - 1, [this](const auto& table) {
        for (std::size_t d = 0; d < states_.size(); ++d) {
          if (!HasPassed(d, table->version + 1)) return true;
        }
        return false;
      });
  tables_.erase(tables_.begin(), in_use);
  return version;
}

const TableVersion& PublishedTable::Enter(std::size_t d) {
  State& state = states_[d];
  if (state.used.load(std::memory_order_relaxed) == kOffline) {
    // Online first, then look: the publisher must not take us for asleep while
    // we read a table it has just replaced.
    state.used.store(0, std::memory_order_seq_cst);
  }
  const TableVersion* table = newest_.load(std::memory_order_seq_cst);
  if (state.used.load(std::memory_order_relaxed) != table->version) {
    state.used.store(table->version, std::memory_order_seq_cst);
    state.last = table->version;
  }
  return *table;
}

bool PublishedTable::Leave(std::size_t d) {
  State& state = states_[d];
  state.used.store(kOffline, std::memory_order_seq_cst);
  // The number, not the table: offline, we may no longer look into a table.
  return newest_version_.load(std::memory_order_seq_cst) == state.last;
}

}  // namespace lb::dataplane
