#include "controller/core/elephant_notes.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/flow_key.h"
#include "common/format_number.h"
#include "common/status.h"

namespace lb::controller {
namespace {

std::string Describe(const absl::StatusOr<std::vector<FlowInfo>>& flows) {
  if (!flows.ok()) {
    return absl::StrCat("which connection is not known: ",
                        OneLine(flows.status()));
  }
  if (flows->empty()) return "it holds no connection any more";
  const FlowInfo& flow = flows->front();
  return absl::StrFormat("its heaviest connection is %s, %s so far",
                         FormatFlowKey(flow.key),
                         FormatNumber(flow.packets, "packet"));
}

}  // namespace

void ElephantNotes::Note(const std::string& host, BucketId bucket,
                         double bound) {
  queries_.ListHeaviestFlows(
      absl::StrCat("hosts/", host, "/buckets/", bucket.value()), 1,
      [this, host,
       what =
           absl::StrFormat("bucket %d cannot be split, so that no table has an "
                           "imbalance below %.3f; ",
                           bucket.value(), bound)](
          const absl::StatusOr<std::vector<FlowInfo>>& flows) {
        journal_.Note(Event{.host = host,
                            .kind = EventKind::kBucketUnsplittable,
                            .message = what + Describe(flows)});
      });
}

}  // namespace lb::controller
