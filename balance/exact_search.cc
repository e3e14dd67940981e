#include "balance/exact_search.h"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace lb::balance {
namespace {

constexpr std::uint64_t kFewTables = 10'000;

struct Item {
  LoadTable::Entry* entry;
  std::size_t owner;
};

// Deals bucket after bucket and turns back as soon as what it has is no better
// than the best so far.
class Search {
 public:
  Search(LoadTable& table, Level target, std::size_t most_moves)
      : table_(table), target_(target), most_moves_(most_moves) {
    for (std::size_t i = 0; i < table.processors(); ++i) {
      carried_.push_back(table.carried(i));
      for (LoadTable::Entry& entry : table.entries(i)) {
        items_.push_back({&entry, i});
        carried_[i] -= entry.load;
      }
    }
    std::stable_sort(items_.begin(), items_.end(), [](auto& a, auto& b) {
      return a.entry->load > b.entry->load;
    });
    dealt_.resize(items_.size());
    Level highest = 0;
    for (std::size_t i = 0; i < table.processors(); ++i) {
      highest = std::max(highest, table.LevelOf(i, carried_[i]));
    }
    Deal(0, highest, 0, 0);
  }

  std::vector<LoadStep> Steps() const {
    std::vector<LoadStep> steps;
    for (std::size_t k = 0; k < best_.size(); ++k) {
      const Item& item = items_[k];
      if (best_[k] == item.owner) continue;
      steps.push_back(
          {item.entry->bucket, item.owner, best_[k], item.entry->load, false});
    }
    return steps;
  }

 private:
  // Within the target or the highest level, moves, connections, highest level.
  using Score = std::tuple<Level, std::size_t, std::uint64_t, Level>;

  void Deal(std::size_t k, Level highest, std::size_t moves,
            std::uint64_t connections) {
    const Score score{std::max(highest, target_), moves, connections, highest};
    if (moves > most_moves_ || (!best_.empty() && !(score < best_score_))) {
      return;
    }
    if (k == items_.size()) {
      best_ = dealt_;
      best_score_ = score;
      return;
    }
    const Item& item = items_[k];
    // So that of equal tables the one that moves lower buckets comes first.
    for (std::size_t i = 0; i < table_.processors(); ++i) {
      if (i != item.owner && table_.MayGo(*item.entry, i)) {
        Put(k, i, highest, moves + 1,
            connections + table_.connections(item.entry->bucket));
      }
    }
    Put(k, item.owner, highest, moves, connections);
  }

  void Put(std::size_t k, std::size_t to, Level highest, std::size_t moves,
           std::uint64_t connections) {
    dealt_[k] = to;
    carried_[to] += items_[k].entry->load;
    Deal(k + 1, std::max(highest, table_.LevelOf(to, carried_[to])), moves,
         connections);
    carried_[to] -= items_[k].entry->load;
  }

  LoadTable& table_;
  const Level target_;
  const std::size_t most_moves_;
  std::vector<std::int64_t> carried_;
  std::vector<Item> items_;
  std::vector<std::size_t> dealt_;  // by item
  std::vector<std::size_t> best_;
  Score best_score_;
};

}  // namespace

bool IsFew(const DraftTable& draft) {
  std::uint64_t choices = 0;
  for (const ProcessorUsage& p : draft.usage()) choices += p.in_service ? 1 : 0;
  std::uint64_t tables = 1;
  for (std::uint32_t b = 0; b < draft.buckets() && tables <= kFewTables; ++b) {
    if (choices == 1) return true;
    tables *= choices;
  }
  return tables <= kFewTables;
}

std::vector<LoadStep> SearchAll(LoadTable& table, Level target,
                                std::size_t most_moves) {
  return Search(table, target, most_moves).Steps();
}

}  // namespace lb::balance
