#include "balance/load_plan.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "balance/exact_search.h"
#include "balance/load_shedder.h"

namespace lb::balance {
namespace {

constexpr std::uint64_t kPpb = 1'000'000'000;
// Levels below this multiple of the mean leave little room.
constexpr std::uint64_t kScarcePpb = 1'015'000'000;
// Levels tried between the target and where the table is.
constexpr int kMostLevels = 16;

std::size_t MovesLeft(const PlanRequest& request, std::size_t made) {
  if (!request.max_moves) return std::numeric_limits<std::uint32_t>::max();
  return *request.max_moves > made ? *request.max_moves - made : 0;
}

}  // namespace

LoadPlan::LoadPlan(const Snapshot& snapshot, const DraftTable& draft,
                   const PlanRequest& request, std::size_t made)
    : request_(request),
      table_(snapshot, draft),
      most_moves_(MovesLeft(request, made)),
      few_(IsFew(draft)) {}

std::vector<LoadStep> LoadPlan::Run() {
  const Level target = Target();
  const Level now = table_.Highest();
  if (now <= target || most_moves_ == 0) return {};
  if (few_) return SearchAll(table_, target, most_moves_);
  if (!Try(target)) Lower(now, target);
  return std::move(best_);
}

// No table gets below the heaviest bucket alone on the largest processor.
Level LoadPlan::Target() const {
  if (request_.target_imbalance_ppb) {
    return std::max(table_.OfMean(*request_.target_imbalance_ppb),
                    table_.OfHeaviest(1'000));
  }
  return std::max(table_.OfMean(request_.target_permille * (kPpb / 1'000)),
                  table_.OfHeaviest(request_.target_permille));
}

// The ways are tried in turn until one reaches the level; where room is scarce
// the second is tried too, and must do with fewer moves.
bool LoadPlan::Try(Level level) {
  const LoadShedder::Options ways[] = {
      {}, {.one_at_a_time = true}, {.where_most_room_is = true}};
  const bool scarce = level < table_.OfMean(kScarcePpb);
  bool reached = false;
  for (LoadShedder::Options way : ways) {
    if (reached && (!scarce || way.where_most_room_is)) break;
    way.most_moves = reached ? best_.size() - 1 : most_moves_;
    table_.Restart(level);
    if (LoadShedder(table_, way).Run()) {
      best_ = table_.steps();
      best_level_ = table_.Highest();
      reached = true;
    }
  }
  return reached;
}

// Bisects towards the lowest level that can be reached.
void LoadPlan::Lower(Level reached, Level unreached) {
  for (int n = 0; n < kMostLevels && reached > unreached + 1; ++n) {
    const Level level = unreached + (reached - unreached) / 2;
    if (Try(level)) {
      reached = std::min(level, best_level_);
    } else {
      unreached = level;
    }
  }
}

}  // namespace lb::balance
