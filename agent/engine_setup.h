// From the command line to a data plane.
#ifndef LB_AGENT_ENGINE_SETUP_H_
#define LB_AGENT_ENGINE_SETUP_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/program_options.h"
#include "common/table.h"
#include "dataplane/engine/engine.h"

namespace lb::agent {

// 0x6d5a repeated (Woo and Park, 2012): both directions of a connection hash
// alike. Toeplitz's key where none is given.
std::vector<std::uint8_t> SymmetricToeplitzKey();

// Opens the sources and creates the data plane; starts nothing. `table` must
// fit the options; without one the buckets are dealt round robin.
absl::StatusOr<std::unique_ptr<dataplane::Engine>> CreateEngine(
    const ProgramOptions& options, std::vector<std::uint8_t> key,
    std::optional<Table> table);

}  // namespace lb::agent

#endif  // LB_AGENT_ENGINE_SETUP_H_
