// lb-agent --standalone: a data plane without controller and state.
#ifndef LB_AGENT_STANDALONE_H_
#define LB_AGENT_STANDALONE_H_

#include "absl/status/status.h"
#include "agent/program_options.h"
#include "agent/stop_signal.h"
#include "dataplane/dataplane.h"

namespace lb::agent {

// Runs until every source is exhausted (with options.once) or a signal comes,
// then writes the report. A source that ended early is an error, and so is a
// signal before the end of a run that was to be whole; no report is written
// then. Main thread, before any other thread is started.
absl::Status RunStandalone(const ProgramOptions& options);

// Blocks until `stop` says so, and meanwhile is the data plane's control
// thread: looks for stalled processors as often as an agent with a controller.
StopSignal::Cause LookForStallsUntilStopped(dataplane::Dataplane& dataplane,
                                            const StopSignal& stop);

}  // namespace lb::agent

#endif  // LB_AGENT_STANDALONE_H_
