// A host as people and programs are shown it: what is stored and what the last
// report said, put together. Pure.
#ifndef LB_CONTROLLER_CORE_HOST_VIEW_H_
#define LB_CONTROLLER_CORE_HOST_VIEW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "balance/policy.h"
#include "common/clock.h"
#include "common/counters.h"
#include "common/load.h"
#include "controller/core/host.h"
#include "controller/core/records.h"

namespace lb::controller {

enum class HostState : std::uint8_t {
  kActive = 1,        // connected, and balanced as its policy says
  kFrozen = 2,        // connected, and not planned at present
  kDisconnected = 3,  // no stream; goes on with its last table
};

struct ProcessorView {
  std::uint32_t cpu = 0;
  std::uint32_t capacity_permille = 0;  // measured; configured if never
  double utilization = 0;               // over the last report
  std::uint32_t buckets = 0;
  double index = 0;
  std::uint32_t quota = 0;
  bool in_service = true;  // false: drained or stalled
  bool drained = false;
  bool stalled = false;
  std::uint64_t packets_per_s = 0;
  std::uint64_t backlog_packets = 0;
};

struct HostView {
  HostRecord record;
  Digest digest;
  HostState state = HostState::kDisconnected;
  std::string reason;
  PolicyRecord policy;
  balance::Mode mode = balance::Mode::kAuto;  // the policy's, under pauses
  std::optional<Pause> pause;  // that holds for it: its own or the fleet's
  bool fleet_paused = false;   // it is the fleet's
  std::optional<WallTime> report_time;  // none: no report yet
  double system_utilization = 0;
  double imbalance = 1;
  double bound = 1;
  double total_index = 0;
  std::vector<ProcessorView> processors;
  Counters counters;
  // By bucket: smoothed, as planners see them, and open at the last report.
  std::vector<std::uint64_t> bucket_loads;
  std::vector<std::uint32_t> bucket_connections;
};

// `policy` is the default's, shown unless the host has one of its own.
HostView ViewOf(const Host& host, const PolicyRecord& policy,
                const std::optional<Pause>& fleet_pause);
// Without table and bucket loads, which are most of it: for lists and watches.
HostView SummaryOf(const Host& host, const PolicyRecord& policy,
                   const std::optional<Pause>& fleet_pause);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_HOST_VIEW_H_
