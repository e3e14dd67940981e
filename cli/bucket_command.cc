#include "cli/bucket_command.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/change.h"
#include "cli/host_output.h"
#include "cli/resource_name.h"
#include "common/table.h"
#include "lb/v1/bucket_service.pb.h"

namespace lb::cli {
namespace {

struct BucketOptions {
  std::string host;
  std::uint32_t bucket = 0;
  std::optional<std::uint32_t> processor;
  ChangeOptions change;

  std::string Name() const { return absl::StrCat(host, "/buckets/", bucket); }
  std::string Words() const {
    return absl::StrCat("bucket ", bucket, " of ", ShortName(host));
  }
};

// Whether the bucket is where it is to be.
bool IsThere(const v1::Host& host, const v1::Pin& pin) {
  const auto& owners = host.table().owner();
  const auto bucket = static_cast<int>(pin.bucket());
  return bucket < owners.size() && owners[bucket] == pin.processor();
}

void TakeBucket(Command& command, BucketOptions& options) {
  command.Takes("HOST", HostName(options.host), "Name of the host");
  command.Takes("B", Whole(options.bucket, "", 0, kMaxBuckets - 1),
                "Number of the bucket, from 0");
}

void AddPin(Command buckets, const Online& online) {
  auto options = std::make_shared<BucketOptions>();
  Command command = buckets.Add(
      "pin",
      "Keep a bucket on a processor, whatever a planner would like. Only a "
      "drain of that processor, or its failure, takes it away.");
  TakeBucket(command, *options);
  command.Option("--processor",
                 OptionalWhole(options->processor, "P", 0, kMaxProcessors - 1),
                 "Where it goes and stays. Without it: where it is");
  AddChangeOptions(command, options->change);
  online.Runs(command, [options](Session& session) {
    v1::PinBucketRequest request;
    request.set_name(options->Name());
    std::string where = " where it is";
    if (options->processor) {
      request.set_processor(*options->processor);
      where = absl::StrCat(" to processor ", *options->processor);
    }
    return MakeChange<v1::PinBucketResponse>(
        session, options->change, {.action = "pin " + options->Words() + where},
        request, [&](const v1::PinBucketResponse& response) {
          Fields fields;
          for (const v1::Pin& pin : response.host().pins()) {
            if (pin.bucket() != options->bucket) continue;
            fields.emplace_back("Processor", absl::StrCat(pin.processor()));
            if (options->processor && !IsThere(response.host(), pin)) {
              AddPutOff(response.host(), fields);
            }
          }
          return fields;
        });
  });
}

void AddUnpin(Command buckets, const Online& online) {
  auto options = std::make_shared<BucketOptions>();
  Command command =
      buckets.Add("unpin", "Let planners move a pinned bucket again.");
  TakeBucket(command, *options);
  AddChangeOptions(command, options->change);
  online.Runs(command, [options](Session& session) {
    v1::UnpinBucketRequest request;
    request.set_name(options->Name());
    return MakeChange<v1::UnpinBucketResponse>(
        session, options->change, {.action = "unpin " + options->Words()},
        request);
  });
}

}  // namespace

void AddBucketCommands(const Online& online) {
  const Command buckets = online.root().Group("bucket", "Buckets of hosts");
  AddPin(buckets, online);
  AddUnpin(buckets, online);
}

}  // namespace lb::cli
