// The best table of all, where there are few. Pure, integers only.
#ifndef LB_BALANCE_EXACT_SEARCH_H_
#define LB_BALANCE_EXACT_SEARCH_H_

#include <cstddef>
#include <vector>

#include "balance/draft_table.h"
#include "balance/load_table.h"

namespace lb::balance {

// True if the buckets can be dealt to the processors in service in at most
// 10,000 ways: 8 buckets to 3 processors, 13 to 2. No host in operation has so
// few.
bool IsFew(const DraftTable& draft);

// The moves to the best of all tables: within `target` if there is one, else
// with the lowest maximum; of these with the fewest moves, of these with the
// fewest connections moved, of these with the lowest maximum. At most
// `most_moves`.
std::vector<LoadStep> SearchAll(LoadTable& table, Level target,
                                std::size_t most_moves);

}  // namespace lb::balance

#endif  // LB_BALANCE_EXACT_SEARCH_H_
