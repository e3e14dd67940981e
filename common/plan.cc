#include "common/plan.h"

namespace lb {

std::vector<Move> DeriveMoves(const Table& base, const Table& next) {
  std::vector<Move> moves;
  for (std::size_t b = 0; b < next.owner.size(); ++b) {
    if (base.owner[b] != next.owner[b]) {
      moves.push_back({BucketId(static_cast<std::uint32_t>(b)), base.owner[b],
                       next.owner[b]});
    }
  }
  return moves;
}

}  // namespace lb
