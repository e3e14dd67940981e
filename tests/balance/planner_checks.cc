#include "tests/balance/planner_checks.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "gtest/gtest.h"

namespace lb::balance {

ProcessorId P(std::size_t i) {
  return ProcessorId(static_cast<std::uint16_t>(i));
}

Snapshot Host(const std::vector<std::vector<std::uint64_t>>& loads) {
  Snapshot s;
  s.processors.resize(loads.size());
  for (std::size_t i = 0; i < loads.size(); ++i) {
    for (std::uint64_t load : loads[i]) {
      s.buckets.push_back({.owner = P(i), .load_ns_per_s = load * kMs});
    }
  }
  return s;
}

Proposal Propose(PlannerKind kind, const Snapshot& snapshot,
                 const PlanRequest& request) {
  const std::unique_ptr<Planner> planner = *MakePlanner(kind);
  absl::StatusOr<Proposal> proposal = planner->Propose(snapshot, request);
  EXPECT_TRUE(proposal.ok()) << proposal.status();
  return proposal.ok() ? *std::move(proposal) : Proposal{};
}

std::vector<Move> Moves(const Proposal& proposal) {
  std::vector<Move> moves;
  for (const PlannedMove& m : proposal.moves) moves.push_back(m.move);
  return moves;
}

std::uint64_t ConnectionsMoved(const Snapshot& snapshot,
                               const Proposal& proposal) {
  std::uint64_t connections = 0;
  for (const PlannedMove& m : proposal.moves) {
    connections += snapshot.buckets[m.move.bucket.index()].connections;
  }
  return connections;
}

Snapshot After(Snapshot snapshot, const Proposal& proposal) {
  for (const PlannedMove& m : proposal.moves) {
    BucketState& bucket = snapshot.buckets[m.move.bucket.index()];
    for (auto [processor, sign] :
         {std::pair{m.move.from, -1}, std::pair{m.move.to, 1}}) {
      auto& busy = snapshot.processors[processor.index()].busy_ns_per_s;
      if (!busy) continue;
      const auto load = static_cast<std::int64_t>(m.load_ns_per_s);
      busy = static_cast<std::uint64_t>(std::max<std::int64_t>(
          0, static_cast<std::int64_t>(*busy) + sign * load));
    }
    bucket.owner = m.move.to;
  }
  return snapshot;
}

PlanRequest RandomRequest(Random& random) {
  PlanRequest request;
  request.target_permille =
      1'000 + static_cast<std::uint32_t>(random.Below(100));
  if (random.OneIn(2)) {
    request.tolerated_permille =
        1'000 + static_cast<std::uint32_t>(random.Below(150));
  }
  request.damping_permille =
      1 + static_cast<std::uint32_t>(random.Below(1'000));
  if (random.OneIn(2)) {
    request.max_moves = static_cast<std::uint32_t>(random.Below(20));
  }
  return request;
}

void CheckProposal(const Snapshot& s, const PlanRequest& request,
                   const Proposal& p) {
  std::vector<ProcessorId> assignment;
  for (const BucketState& bucket : s.buckets)
    assignment.push_back(bucket.owner);
  std::vector<bool> moved(s.buckets.size(), false);
  std::size_t evacuations = 0;
  for (const PlannedMove& m : p.moves) {
    const std::size_t b = m.move.bucket.index();
    const BucketState& bucket = s.buckets[b];
    EXPECT_FALSE(moved[b]);
    moved[b] = true;
    EXPECT_EQ(m.move.from, assignment[b]);
    EXPECT_NE(m.move.from, m.move.to);
    EXPECT_TRUE(s.processors[m.move.to.index()].in_service);
    EXPECT_FALSE(bucket.pinned);
    EXPECT_FALSE(m.reason.empty());
    if (!s.processors[m.move.from.index()].in_service) {
      ++evacuations;
    } else {
      EXPECT_FALSE(bucket.resting);
      EXPECT_NE(bucket.no_return, m.move.to);
    }
    assignment[b] = m.move.to;
  }
  EXPECT_FALSE(p.reason.empty());
  EXPECT_EQ(p.assignment, assignment);
  for (std::size_t b = 0; b < assignment.size(); ++b) {
    EXPECT_TRUE(s.processors[assignment[b].index()].in_service ||
                s.buckets[b].pinned);
  }
  if (request.max_moves) {
    EXPECT_LE(p.moves.size(),
              std::max<std::size_t>(*request.max_moves, evacuations));
  }
  if (evacuations == 0) {
    EXPECT_LE(p.imbalance_after, p.imbalance_before + 1e-9);
  }
  std::uint32_t total = 0;
  for (std::uint32_t quota : p.quotas) total += quota;
  EXPECT_EQ(total, s.buckets.size());
}

}  // namespace lb::balance
