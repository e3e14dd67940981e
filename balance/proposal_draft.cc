#include "balance/proposal_draft.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "balance/evacuation.h"
#include "balance/imbalance_index.h"

namespace lb::balance {
namespace {

// Above what rounding can do to an imbalance.
constexpr double kNothing = 1e-9;

double Target(const PlanRequest& request, double bound) {
  return request.target_imbalance_ppb
             ? static_cast<double>(*request.target_imbalance_ppb) / 1e9
             : request.target_permille / 1e3 * bound;
}

}  // namespace

ProposalDraft::ProposalDraft(const Snapshot& snapshot,
                             const PlanRequest& request)
    : snapshot_(snapshot), request_(request), table_(snapshot) {
  proposal_.system_utilization = SystemUtilization(table_.usage());
  proposal_.imbalance_before = Imbalance(table_.usage());
  proposal_.bound = Bound(table_.usage(), table_.heaviest_load());
  ReportIndex();
}

void ProposalDraft::ReportIndex() {
  ImbalanceIndex index =
      ComputeImbalanceIndex(table_.usage(), table_.buckets());
  proposal_.indexes.reserve(table_.processors());
  for (std::size_t i = 0; i < table_.processors(); ++i) {
    proposal_.indexes.push_back(index.IndexOf(i));
  }
  proposal_.total_index = index.Total();
  proposal_.quotas = std::move(index.quota);
}

void ProposalDraft::Move(std::size_t bucket, std::size_t to,
                         std::string reason) {
  proposal_.moves.push_back(
      {{BucketId(static_cast<std::uint32_t>(bucket)),
        ProcessorId(static_cast<std::uint16_t>(table_.owner(bucket))),
        ProcessorId(static_cast<std::uint16_t>(to))},
       table_.load(bucket),
       std::move(reason)});
  table_.Move(bucket, to);
}

void ProposalDraft::Evacuate() {
  for (const Departure& d : PlanEvacuation(snapshot_, table_)) {
    Move(d.bucket, d.to,
         absl::StrCat("processor ", table_.owner(d.bucket),
                      " is out of service"));
  }
}

Proposal ProposalDraft::Finish(double tolerated) {
  proposal_.imbalance_after = Imbalance(table_.usage());
  if (proposal_.bound > 1 + kNothing) {
    proposal_.unsplittable =
        BucketId(static_cast<std::uint32_t>(table_.heaviest()));
  }
  proposal_.reason = StopReason(tolerated);
  proposal_.assignment = std::move(table_).TakeOwners();
  return std::move(proposal_);
}

std::string ProposalDraft::StopReason(double tolerated) const {
  const double after = proposal_.imbalance_after;
  const double target = Target(request_, proposal_.bound);
  const std::string imbalance =
      absl::StrCat("imbalance ", Thousandths(after), ", target ",
                   Thousandths(target), Unsplittable());
  if (after <= target + kNothing) {
    return absl::StrCat("the target is met: ", imbalance);
  }
  if (after <= tolerated * proposal_.bound + kNothing) {
    return absl::StrCat("up to ", Thousandths(tolerated * proposal_.bound),
                        " is left alone: ", imbalance);
  }
  if (after <= proposal_.bound + kNothing) {
    return absl::StrCat("no table is better: ", imbalance);
  }
  if (request_.max_moves && proposal_.moves.size() >= *request_.max_moves) {
    return absl::StrCat("the budget of ", *request_.max_moves,
                        " moves is spent: ", imbalance);
  }
  return absl::StrCat("no better table is within reach: ", imbalance, Held());
}

std::string ProposalDraft::Unsplittable() const {
  if (!proposal_.unsplittable) return "";
  return absl::StrCat(", bound ", Thousandths(proposal_.bound),
                      " because bucket ", proposal_.unsplittable->value(),
                      " cannot be split");
}

// How many buckets could not move, whatever the plan.
std::string ProposalDraft::Held() const {
  std::size_t resting = 0;
  std::size_t pinned = 0;
  for (const BucketState& bucket : snapshot_.buckets) {
    resting += bucket.resting ? 1 : 0;
    pinned += bucket.pinned ? 1 : 0;
  }
  return resting + pinned == 0
             ? ""
             : absl::StrCat("; ", resting, " buckets are cooling down, ",
                            pinned, " are pinned");
}

std::string Percent(const ProcessorUsage& usage) {
  const std::uint64_t per_mille =
      usage.busy_ns_per_s / 1'000 / usage.capacity_permille;
  return absl::StrCat(per_mille / 10, ".", per_mille % 10, "%");
}

std::string Thousandths(double value) {
  const auto n = static_cast<std::uint64_t>(
      std::min(std::max(value, 0.0) * 1'000 + 0.5, 1e18));
  return absl::StrCat(n / 1'000, ".", n % 1'000 / 100, n % 100 / 10, n % 10);
}

}  // namespace lb::balance
