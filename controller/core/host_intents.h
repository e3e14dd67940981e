// What operators want of a host, as planning sees it: drains, pins, pauses.
// Wishes that its layout cannot hold, because it became smaller meanwhile,
// count for nothing. Pure.
#ifndef LB_CONTROLLER_CORE_HOST_INTENTS_H_
#define LB_CONTROLLER_CORE_HOST_INTENTS_H_

#include <optional>
#include <vector>

#include "balance/decision.h"
#include "balance/policy.h"
#include "balance/snapshot.h"
#include "common/ids.h"
#include "common/plan.h"
#include "controller/core/host.h"

namespace lb::controller {

bool IsDrained(const HostIntent& intent, ProcessorId processor);

// Whether a processor that is drained still holds a bucket.
bool MustEvacuate(const Host& host);

// What it takes to bring pinned buckets to their processors. A pin to a
// processor that is drained, stalled or gone waits until it is back.
std::vector<Move> MovesToPins(const Host& host);

// Whether a processor would be left to hold buckets under `intent`: one that is
// not drained and, as far as the last report says, not stalled.
bool LeavesAProcessor(const Host& host, const HostIntent& intent);

// What Decide() is to be given, but for the flags only the loop knows, and
// what a planner is, but for cooldowns and returns: drained processors are out
// of service, and buckets that are where they are pinned to stay. `host` has
// a load.
balance::HostMeasurement MeasurementOf(const Host& host);
balance::Snapshot SnapshotOf(const Host& host);

// Takes drained processors out of service in what was measured of all.
template <class Processor>
void MarkDrained(const HostIntent& intent, std::vector<Processor>& processors) {
  for (const ProcessorId drained : intent.drained) {
    if (drained.index() < processors.size()) {
      processors[drained.index()].in_service = false;
    }
  }
}

// The pause that holds for a host, null if none does: a whole one goes before
// one that only advises.
const Pause* PauseFor(const Host& host,
                      const std::optional<Pause>& fleet_pause);

// The policy's mode under a pause (null: none): off, or only advice.
balance::Mode ModeUnder(const Pause* pause, balance::Mode mode);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_HOST_INTENTS_H_
