#include "balance/index_plan.h"

#include <algorithm>

#include "balance/evacuation.h"
#include "common/int128.h"

namespace lb::balance {
namespace {

// Moves that make room, without any improvement yet, before giving up.
constexpr int kPatience = 8;

std::uint64_t Above(std::uint64_t value, std::uint64_t level) {
  return value > level ? value - level : 0;
}

}  // namespace

IndexPlan::IndexPlan(const Snapshot& snapshot, const PlanRequest& request)
    : snapshot_(snapshot),
      request_(request),
      draft_(snapshot),
      pool_(snapshot, draft_),
      capacity_(draft_.capacity()) {
  for (const ProcessorState& p : snapshot.processors) {
    if (p.in_service) {
      largest_capacity_ = std::max(largest_capacity_, p.capacity_permille);
    }
  }
}

std::vector<IndexStep> IndexPlan::Run() {
  Evacuate();
  busy_ = draft_.busy();
  if (busy_ == 0) {
    FillByQuota();
  } else {
    FillEmpty();
    Balance();
  }
  return std::move(steps_);
}

void IndexPlan::Evacuate() {
  for (const Departure& d : PlanEvacuation(snapshot_, draft_)) {
    Move(IndexStep::Kind::kEvacuate, d.bucket, d.to);
  }
}

// Nothing is known of loads: quotas count buckets, in bucket order.
void IndexPlan::FillByQuota() {
  index_ = ComputeImbalanceIndex(draft_.usage(), draft_.buckets());
  for (std::size_t to = 0; to < draft_.processors(); ++to) {
    if (draft_.usage(to).buckets > 0) continue;
    for (std::size_t b = 0; b < draft_.buckets(); ++b) {
      if (!BudgetLeft() || draft_.usage(to).buckets >= index_.quota[to]) break;
      const std::size_t from = draft_.owner(b);
      if (draft_.usage(from).buckets > index_.quota[from] &&
          pool_.Idle(from, to) == b) {
        Move(IndexStep::Kind::kFill, b, to);
      }
    }
  }
}

void IndexPlan::FillEmpty() {
  index_ = ComputeImbalanceIndex(draft_.usage(), draft_.buckets());
  for (std::size_t to = 0; to < draft_.processors(); ++to) {
    if (!draft_.usage(to).in_service || draft_.usage(to).buckets > 0) continue;
    if (!BudgetLeft()) return;
    std::vector<std::size_t> givers = LeastUtilizedFirst(to);
    std::reverse(givers.begin(), givers.end());
    std::optional<std::size_t> bucket;
    for (std::size_t from : givers) {
      if (bucket || draft_.usage(from).buckets < 2) continue;
      bucket =
          pool_.Nearest(from, to, draft_.MeanLoad(from), HelpLimit(from, to));
    }
    for (std::size_t from : givers) {
      if (bucket || draft_.usage(from).buckets < 2) continue;
      bucket = pool_.Idle(from, to);
    }
    if (bucket) Move(IndexStep::Kind::kFill, *bucket, to);
  }
}

void IndexPlan::Balance() {
  ProcessorUsage best = draft_.usage(draft_.Highest());
  std::size_t best_steps = steps_.size();
  int patience = kPatience;
  StartRound();
  while (!TargetReached() && BudgetLeft() && patience > 0 && StepDown()) {
    const ProcessorUsage& highest = draft_.usage(draft_.Highest());
    if (LessUtilized(highest, best)) {
      best = highest;
      best_steps = steps_.size();
      patience = kPatience;
    } else if (steps_.back().kind == IndexStep::Kind::kMakeRoom) {
      --patience;
    }
  }
  steps_.resize(best_steps);
}

bool IndexPlan::StepDown() {
  const std::size_t from = draft_.Highest();
  if (draft_.usage(from).buckets < 2) return false;
  IndexStep::Kind kind = IndexStep::Kind::kQuota;
  std::optional<Pick> pick = PickByQuota(from);
  if (!pick) {
    StartRound();
    pick = PickByQuota(from);
  }
  if (!pick) {
    kind = IndexStep::Kind::kHelp;
    pick = PickHelping(from);
  }
  if (!pick) {
    kind = IndexStep::Kind::kMakeRoom;
    pick = PickMakingRoom(from);
  }
  if (!pick) return false;
  Move(kind, pick->bucket, pick->to);
  return true;
}

void IndexPlan::StartRound() {
  index_ = ComputeImbalanceIndex(draft_.usage(), draft_.buckets());
  quota_load_ = QuotaLoads(draft_.usage(), index_);
  give_.assign(draft_.processors(), 0);
  for (std::size_t i = 0; i < draft_.processors(); ++i) {
    const std::uint64_t surplus =
        Above(draft_.usage(i).busy_ns_per_s, quota_load_[i]);
    give_[i] = static_cast<std::uint64_t>(Uint128{surplus} *
                                          request_.damping_permille / 1'000);
  }
}

std::optional<IndexPlan::Pick> IndexPlan::PickByQuota(std::size_t from) const {
  if (!pool_.HasUpTo(from, give_[from])) return std::nullopt;
  std::vector<bool> tried(draft_.processors(), false);
  for (;;) {
    std::uint64_t room = 0;
    std::size_t to = from;
    for (std::size_t i = 0; i < draft_.processors(); ++i) {
      const std::uint64_t own =
          Above(quota_load_[i], draft_.usage(i).busy_ns_per_s);
      if (i == from || tried[i] || own <= room) continue;
      room = own;
      to = i;
    }
    const std::uint64_t limit = std::min(room, give_[from]);
    if (!pool_.HasUpTo(from, limit)) return std::nullopt;
    if (std::optional<std::size_t> bucket =
            pool_.Nearest(from, to, draft_.MeanLoad(from),
                          std::min(limit, HelpLimit(from, to)))) {
      return Pick{*bucket, to};
    }
    tried[to] = true;
  }
}

std::optional<IndexPlan::Pick> IndexPlan::PickHelping(std::size_t from) const {
  for (std::size_t to : LeastUtilizedFirst(from)) {
    if (std::optional<std::size_t> bucket = pool_.Nearest(
            from, to, draft_.MeanLoad(from), HelpLimit(from, to))) {
      return Pick{*bucket, to};
    }
  }
  return std::nullopt;
}

std::optional<IndexPlan::Pick> IndexPlan::PickMakingRoom(
    std::size_t from) const {
  const std::uint64_t surplus =
      Above(draft_.usage(from).busy_ns_per_s, SystemShare(from));
  for (std::size_t to : LeastUtilizedFirst(from)) {
    if (std::optional<std::size_t> bucket =
            pool_.Nearest(from, to, surplus, SystemShare(to))) {
      return Pick{*bucket, to};
    }
  }
  return std::nullopt;
}

void IndexPlan::Move(IndexStep::Kind kind, std::size_t bucket, std::size_t to) {
  const std::size_t from = draft_.owner(bucket);
  const std::uint64_t load = draft_.load(bucket);
  steps_.push_back({kind, bucket, from, to, load, draft_.usage(from),
                    draft_.usage(to),
                    index_.quota.empty() ? 0 : index_.quota[from]});
  if (kind != IndexStep::Kind::kEvacuate) pool_.Remove(from, bucket);
  if (kind == IndexStep::Kind::kQuota) give_[from] -= load;
  draft_.Move(bucket, to);
}

bool IndexPlan::TargetReached() const {
  const ProcessorUsage& highest = draft_.usage(draft_.Highest());
  const Uint128 busy = highest.busy_ns_per_s;
  const Uint128 capacity = highest.capacity_permille;
  // No table gets below the heaviest bucket alone on the largest processor.
  const Uint128 heaviest = draft_.heaviest_load();
  const bool absolute = request_.target_imbalance_ppb.has_value();
  const Uint128 times_bound = absolute ? 1'000 : request_.target_permille;
  if (busy * largest_capacity_ * 1'000 <= heaviest * capacity * times_bound) {
    return true;
  }
  const Uint128 target = absolute ? *request_.target_imbalance_ppb
                                  : request_.target_permille * (kPpb / 1'000);
  return busy * capacity_ * kPpb <= target * capacity * busy_;
}

bool IndexPlan::BudgetLeft() const {
  return !request_.max_moves || steps_.size() < *request_.max_moves;
}

std::uint64_t IndexPlan::SystemShare(std::size_t processor) const {
  return static_cast<std::uint64_t>(
      Uint128{busy_} * draft_.usage(processor).capacity_permille / capacity_);
}

std::uint64_t IndexPlan::HelpLimit(std::size_t from, std::size_t to) const {
  const ProcessorUsage& giver = draft_.usage(from);
  const ProcessorUsage& taker = draft_.usage(to);
  if (giver.busy_ns_per_s == 0) return 0;
  const auto level = static_cast<std::uint64_t>(
      (Uint128{giver.busy_ns_per_s} * taker.capacity_permille - 1) /
      giver.capacity_permille);
  return std::min(Above(level, taker.busy_ns_per_s), SystemShare(to));
}

std::vector<std::size_t> IndexPlan::LeastUtilizedFirst(
    std::size_t except) const {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < draft_.processors(); ++i) {
    if (i != except && draft_.usage(i).in_service) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [this](std::size_t a, std::size_t b) {
                     return LessUtilized(draft_.usage(a), draft_.usage(b));
                   });
  return order;
}

}  // namespace lb::balance
