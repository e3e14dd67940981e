// Any line as a snapshot for lbctl plan compute, and any bytes as a plan's
// stored inputs: an error or a plan that keeps the planner's promises.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "balance/index_planner.h"
#include "cli/snapshot_json.h"
#include "controller/core/planner_inputs.h"

namespace {

using lb::balance::PlannedMove;
using lb::balance::PlanRequest;
using lb::balance::Proposal;
using lb::balance::Snapshot;

// A plan takes time that grows with the snapshot; small ones find as much.
constexpr std::size_t kMostBuckets = 512;

void Require(bool promise) {
  if (!promise) std::abort();
}

void CheckProposal(const Snapshot& snapshot, const Proposal& proposal) {
  Require(proposal.assignment.size() == snapshot.buckets.size());
  Require(proposal.quotas.size() == snapshot.processors.size());
  std::uint64_t quotas = 0;
  for (std::uint32_t quota : proposal.quotas) quotas += quota;
  Require(quotas == snapshot.buckets.size());
  std::size_t changed = 0;
  for (std::size_t b = 0; b < snapshot.buckets.size(); ++b) {
    Require(proposal.assignment[b].index() < snapshot.processors.size());
    if (proposal.assignment[b] != snapshot.buckets[b].owner) ++changed;
  }
  Require(changed == proposal.moves.size());
  for (const PlannedMove& planned : proposal.moves) {
    const std::size_t b = planned.move.bucket.index();
    Require(planned.move.from == snapshot.buckets[b].owner);
    Require(planned.move.to == proposal.assignment[b]);
    Require(!snapshot.buckets[b].pinned);
    Require(!planned.reason.empty());
  }
  const bool all_in_service =
      std::all_of(snapshot.processors.begin(), snapshot.processors.end(),
                  [](const auto& p) { return p.in_service; });
  Require(!all_in_service ||
          proposal.imbalance_after <= proposal.imbalance_before);
}

void Plan(const Snapshot& snapshot, const PlanRequest& request) {
  if (snapshot.buckets.size() > kMostBuckets) return;
  const auto proposal = lb::balance::IndexPlanner().Propose(snapshot, request);
  if (proposal.ok()) CheckProposal(snapshot, *proposal);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto line = lb::cli::ParseSnapshotLine(text); line.ok()) {
    Plan(line->snapshot, {.target_permille = 1'000});
    // What is kept of a decision is all of it.
    const std::string kept =
        lb::controller::SerializePlannerInputs(line->snapshot, {});
    const auto read = lb::controller::ParsePlannerInputs(kept);
    Require(read.ok());
    Require(kept == lb::controller::SerializePlannerInputs(read->snapshot,
                                                           read->request));
  }
  if (const auto inputs = lb::controller::ParsePlannerInputs(text);
      inputs.ok()) {
    Plan(inputs->snapshot, inputs->request);
  }
  return 0;
}
