#include "balance/load_plan.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "balance/exact_search.h"

namespace lb::balance {
namespace {

// Levels below this multiple of the mean leave little room.
constexpr std::uint64_t kScarcePpb = 1'015'000'000;
// Buckets and processors that a plan may look at for chains. Each try may use
// up half of what is left.
constexpr std::size_t kLooksAtLeast = 200'000;
constexpr std::size_t kLooksPerBucket = 4;
// Levels tried between the target and where the table is.
constexpr int kMostLevels = 12;

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
      looks_left_(kLooksAtLeast + kLooksPerBucket * draft.buckets()),
      few_(IsFew(draft)) {}

std::vector<LoadStep> LoadPlan::Run() {
  const Level target = Target();
  tolerated_ = std::max(target, Tolerated());
  const Level now = table_.Highest();
  if (now <= tolerated_ || most_moves_ == 0) return {};
  if (few_) return SearchAll(table_, target, most_moves_);
  if (!TryTarget(target)) Lower(now, target);
  SpareConnections(target);
  return std::move(best_);
}

// No table gets below the heaviest bucket alone on the largest processor.
Level LoadPlan::Target() const {
  if (request_.target_imbalance_ppb) {
    return std::max(table_.OfMean(*request_.target_imbalance_ppb),
                    table_.OfHeaviest(1'000));
  }
  return OfBound(request_.target_permille);
}

Level LoadPlan::Tolerated() const {
  return request_.target_imbalance_ppb ? 0
                                       : OfBound(request_.tolerated_permille);
}

Level LoadPlan::OfBound(std::uint64_t permille) const {
  return std::max(table_.OfMean(permille * (kPpb / 1'000)),
                  table_.OfHeaviest(permille));
}

// Tries other ways if the first does not reach it; and, where room is scarce,
// if the second may do with fewer moves.
bool LoadPlan::TryTarget(Level target) {
  bool reached = Try(target, {.most_moves = most_moves_});
  if (!reached) {
    reached = Try(target, {.most_moves = most_moves_, .one_at_a_time = true});
  } else if (target < table_.OfMean(kScarcePpb)) {
    Try(target, {.most_moves = best_.size() - 1, .one_at_a_time = true});
  }
  return reached ||
         Try(target, {.most_moves = most_moves_, .where_most_room_is = true});
}

bool LoadPlan::Try(Level level, LoadShedder::Options options) {
  options.most_looks = looks_left_ / 2;
  table_.Restart(level, std::max(level, tolerated_));
  LoadShedder shedder(table_, options);
  const bool reached = shedder.Run();
  looks_left_ -= std::min(looks_left_, shedder.looks());
  if (reached) {
    best_ = table_.steps();
    best_level_ = std::min(level, table_.Highest());
  }
  return reached;
}

// Bisects towards the lowest level that can be reached, to 0.05% of the mean.
void LoadPlan::Lower(Level reached, Level unreached) {
  const Level enough = table_.OfMean(kPpb / 2'000) + 1;
  for (int n = 0; n < kMostLevels && reached > unreached + enough; ++n) {
    const Level level = unreached + (reached - unreached) / 2;
    if (Try(level, {.most_moves = most_moves_})) {
      reached = best_level_;
    } else {
      unreached = level;
    }
  }
}

void LoadPlan::SpareConnections(Level target) {
  if (std::none_of(best_.begin(), best_.end(), [&](const LoadStep& step) {
        return table_.connections(step.bucket) > 0;
      })) {
    return;
  }
  const Level limit = std::max(target, best_level_);
  const auto replay = [&](const std::vector<LoadStep>& steps) {
    table_.Restart(limit, std::max(limit, tolerated_));
    for (const LoadStep& step : steps) table_.Repeat(step);
  };
  replay(best_);
  for (std::size_t n = 0; n < best_.size(); ++n) {
    const std::size_t looks = table_.entries(best_[n].from).size();
    if (looks > looks_left_) break;
    looks_left_ -= looks;
    table_.SpareConnections(n);
  }
  best_ = table_.steps();
  replay(best_);  // who makes room may be another now
  best_ = table_.steps();
}

}  // namespace lb::balance
