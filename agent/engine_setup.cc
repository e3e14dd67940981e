#include "agent/engine_setup.h"

#include <string>
#include <utility>

#include "common/status.h"
#include "dataplane/engine/handlers.h"
#include "dataplane/io/open_sink.h"
#include "dataplane/io/open_source.h"

namespace lb::agent {

std::vector<std::uint8_t> SymmetricToeplitzKey() {
  std::vector<std::uint8_t> key;
  for (int i = 0; i < 20; ++i) {
    key.push_back(0x6d);
    key.push_back(0x5a);
  }
  return key;
}

namespace {

using Sinks = std::vector<std::unique_ptr<dataplane::PacketSink>>;

// One for all sources, or one for each.
absl::StatusOr<Sinks> OpenSinks(const ProgramOptions& options) {
  Sinks sinks;
  if (!options.output.empty()) {
    LB_ASSIGN_OR_RETURN(auto sink, dataplane::OpenSink(options.output));
    sinks.push_back(std::move(sink));
    return sinks;
  }
  for (const std::string& spec : options.sources) {
    LB_ASSIGN_OR_RETURN(auto sink, dataplane::OpenSinkOfSource(spec));
    sinks.push_back(std::move(sink));
  }
  return sinks;
}

}  // namespace

absl::StatusOr<std::unique_ptr<dataplane::Engine>> CreateEngine(
    const ProgramOptions& options, std::vector<std::uint8_t> key,
    std::optional<Table> table) {
  dataplane::EngineOptions engine;
  engine.buckets = options.buckets;
  engine.hash = options.hash;
  engine.key = std::move(key);
  engine.processors = options.processors;
  engine.table = std::move(table);
  for (const std::string& spec : options.sources) {
    LB_ASSIGN_OR_RETURN(std::unique_ptr<dataplane::PacketSource> source,
                        dataplane::OpenSource(spec));
    engine.sources.push_back(std::move(source));
  }
  LB_ASSIGN_OR_RETURN(engine.sinks, OpenSinks(options));
  LB_ASSIGN_OR_RETURN(engine.handler,
                      dataplane::MakeHandlerFactory(options.handler));
  engine.max_connections = options.max_connections;
  engine.idle_timeout = options.idle_timeout;
  engine.spin = options.spin;
  return dataplane::Engine::Create(std::move(engine));
}

}  // namespace lb::agent
