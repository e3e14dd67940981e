// A proposal in the making: what every planner reports, whatever its method.
// Pure. Thread-compatible.
#ifndef LB_BALANCE_PROPOSAL_DRAFT_H_
#define LB_BALANCE_PROPOSAL_DRAFT_H_

#include <cstddef>
#include <string>

#include "balance/draft_table.h"
#include "balance/planner.h"
#include "balance/snapshot.h"

namespace lb::balance {

class ProposalDraft {
 public:
  // Both valid; they outlive the draft.
  ProposalDraft(const Snapshot& snapshot, const PlanRequest& request);

  // The table with the moves made so far.
  const DraftTable& table() const { return table_; }
  std::size_t moves() const { return proposal_.moves.size(); }

  // Adds a move of `bucket` from where it is now.
  void Move(std::size_t bucket, std::size_t to, std::string reason);
  // Empties the processors out of service; to be called first.
  void Evacuate();

  // Indexes, quotas and imbalances, and why there are no more moves. A planner
  // that leaves processors alone up to a multiple of the bound says which. Call
  // once, at the end.
  Proposal Finish(double tolerated = 0);

 private:
  void ReportIndex();
  std::string StopReason(double tolerated) const;
  std::string Unsplittable() const;
  std::string Held() const;

  const Snapshot& snapshot_;
  const PlanRequest& request_;
  DraftTable table_;
  Proposal proposal_;
};

// "61.3%", rounded down.
std::string Percent(const ProcessorUsage& usage);

// "1.034", rounded to the nearest; not negative.
std::string Thousandths(double value);

}  // namespace lb::balance

#endif  // LB_BALANCE_PROPOSAL_DRAFT_H_
