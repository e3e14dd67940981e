// Two reports of one table as one, for intervals that could not be sent one by
// one. Pure; any thread.
#ifndef LB_AGENT_REPORT_MERGER_H_
#define LB_AGENT_REPORT_MERGER_H_

#include "agent/messages.h"
#include "common/load.h"

namespace lb::agent {

// Whether both belong to one and the same table, plan and layout.
bool Mergeable(const Report& earlier, const Report& later);

// Requires Mergeable(). Sums are added, rates weighted by time, statistics
// pooled as if all samples had been taken in one interval; what is a level,
// such as capacity, backlog and counters, is the later one.
Report Merge(const Report& earlier, const Report& later);

// Statistics of both sets of samples together. The lag-1 autocorrelation
// leaves out the one product across the seam.
SampleStatistics Pool(const SampleStatistics& a, const SampleStatistics& b);

}  // namespace lb::agent

#endif  // LB_AGENT_REPORT_MERGER_H_
