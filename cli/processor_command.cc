#include "cli/processor_command.h"

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/change.h"
#include "cli/host_output.h"
#include "cli/resource_name.h"
#include "common/table.h"
#include "lb/v1/processor_service.pb.h"

namespace lb::cli {
namespace {

struct ProcessorOptions {
  std::string host;
  std::uint32_t processor = 0;
  ChangeOptions change;
};

// The buckets that are still to be moved, or were given again.
Fields BucketsOf(const v1::Host& host, std::uint32_t processor) {
  Fields fields;
  for (const v1::Processor& p : host.processors()) {
    if (p.id() != processor) continue;
    fields.emplace_back("Buckets now", absl::StrCat(p.buckets()));
    if (p.drained() && p.buckets() > 0) AddPutOff(host, fields);
  }
  return fields;
}

template <class Request, class Response>
void AddDrainCommand(Command processors, const Online& online, const char* name,
                     const char* help) {
  auto options = std::make_shared<ProcessorOptions>();
  Command command = processors.Add(name, help);
  command.Takes("HOST", HostName(options->host), "Name of the host");
  command.Takes("I", Whole(options->processor, "", 0, kMaxProcessors - 1),
                "Number of the processor, from 0");
  AddChangeOptions(command, options->change);
  online.Runs(command, [options, name](Session& session) {
    Request request;
    request.set_name(
        absl::StrCat(options->host, "/processors/", options->processor));
    return MakeChange<Response>(
        session, options->change,
        {.action = absl::StrCat(name, " processor ", options->processor, " of ",
                                ShortName(options->host))},
        request, [&](const Response& response) {
          return BucketsOf(response.host(), options->processor);
        });
  });
}

}  // namespace

void AddProcessorCommands(const Online& online) {
  const Command processors =
      online.root().Group("processor", "Processors of hosts");
  AddDrainCommand<v1::DrainProcessorRequest, v1::DrainProcessorResponse>(
      processors, online, "drain",
      "Move all buckets away from a processor, at once, and give it none until "
      "it is undrained.");
  AddDrainCommand<v1::UndrainProcessorRequest, v1::UndrainProcessorResponse>(
      processors, online, "undrain",
      "Take a drain back: the next plans give the processor buckets again.");
}

}  // namespace lb::cli
