#include "dataplane/engine/engine.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "dataplane/core/connection_pool.h"
#include "dataplane/core/flow_hash.h"
#include "dataplane/engine/user_space_engine.h"

namespace lb::dataplane {
namespace {

absl::Status ValidateSources(
    const std::vector<std::unique_ptr<PacketSource>>& sources) {
  if (sources.empty() || sources.size() > kMaxDispatchers) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there are ", sources.size(), " sources; use 1 to ", kMaxDispatchers));
  }
  for (const auto& source : sources) {
    if (source->live() != sources.front()->live()) {
      return absl::InvalidArgumentError(
          "an interface and a capture or generator cannot feed the same "
          "workers; run one agent for each");
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateSinks(const EngineOptions& options) {
  const std::size_t sinks = options.sinks.size();
  if (sinks <= 1 || sinks == options.sources.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("there are ", sinks, " sinks; use none, one for all, or ",
                   options.sources.size(), ", one for each source"));
}

// Rings, queues and what is held together must fit the packet pool.
absl::Status ValidateLimits(const EngineOptions& options) {
  if (!std::has_single_bit(options.ring_packets) ||
      !std::has_single_bit(options.pool_packets)) {
    return absl::InvalidArgumentError(
        absl::StrCat("ring size ", options.ring_packets, " and pool size ",
                     options.pool_packets, " must be powers of two"));
  }
  if (options.stall_limit <= std::chrono::microseconds(0)) {
    return absl::InvalidArgumentError(absl::StrCat("stall limit is ",
                                                   options.stall_limit.count(),
                                                   " us, must be positive"));
  }
  const std::uint64_t rings =
      std::uint64_t{options.ring_packets} * options.processors.size();
  if (rings * 2 > options.pool_packets) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the rings of ", options.processors.size(), " processors hold ", rings,
        " packets; use a pool of at least ", std::bit_ceil(rings * 2),
        " packets"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> Engine::KeyId(
    HashKind hash, const std::vector<std::uint8_t>& key) {
  LB_ASSIGN_OR_RETURN(const FlowHash function, FlowHash::Create(hash, key));
  return function.key_id();
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Create(EngineOptions options) {
  LB_ASSIGN_OR_RETURN(const FlowHash hash,
                      FlowHash::Create(options.hash, options.key));
  Layout layout{options.buckets, options.hash, hash.key_id(),
                options.processors};
  LB_RETURN_IF_ERROR(ValidateLayout(layout));
  LB_RETURN_IF_ERROR(ValidateSources(options.sources));
  LB_RETURN_IF_ERROR(ValidateSinks(options));
  LB_RETURN_IF_ERROR(ValidateLimits(options));
  const Table table = options.table.value_or(DealRoundRobin(layout));
  LB_RETURN_IF_ERROR(ValidateTable(table, layout));
  LB_ASSIGN_OR_RETURN(auto connections,
                      ConnectionPool::Create(options.max_connections));
  return std::make_unique<UserSpaceEngine>(std::move(options),
                                           std::move(layout), table, hash,
                                           std::move(connections));
}

}  // namespace lb::dataplane
