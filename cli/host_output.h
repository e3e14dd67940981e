// Hosts as people read them. Pure; any thread.
#ifndef LB_CLI_HOST_OUTPUT_H_
#define LB_CLI_HOST_OUTPUT_H_

#include <ostream>

#include "cli/text_table.h"
#include "common/clock.h"
#include "lb/v1/host_service.pb.h"

namespace lb::cli {

// A row for each.
void PrintHosts(const v1::ListHostsResponse& hosts, const Clock& clock,
                std::ostream& out);

// Everything about one: its processors and its heaviest buckets, too.
void PrintHost(const v1::Host& host, const Clock& clock, std::ostream& out);

// What changes most, in one line.
void PrintHostLine(const v1::Host& host, WallTime now, std::ostream& out);

// Adds why the host does not move buckets yet as it was asked to; nothing if it
// does so at once.
void AddPutOff(const v1::Host& host, Fields& fields);

}  // namespace lb::cli

#endif  // LB_CLI_HOST_OUTPUT_H_
