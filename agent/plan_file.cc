#include "agent/plan_file.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "agent/durable_file.h"
#include "agent/plan_record_json.h"
#include "common/status.h"
#include "xxhash.h"

namespace lb::agent {
namespace {

constexpr std::uint32_t kVersion = 1;
// A table of 65,536 entries and as many move results take about 5 MB.
constexpr std::size_t kPlanFileLimitBytes = 32'000'000;
constexpr std::string_view kWayOut =
    "; move the file away and start again: the host then deals its buckets "
    "anew and the controller plans from there";

std::uint64_t Checksum(std::string_view body) {
  return XXH3_64bits(body.data(), body.size());
}

absl::Status Damaged(std::string_view what) {
  return absl::DataLossError(absl::StrCat("plan file is damaged (",
                                          ToAbsl(what), ")", ToAbsl(kWayOut)));
}

// The record's text, once version, length and checksum are as they should be.
absl::StatusOr<std::string_view> Body(const std::string& content) {
  const std::size_t end = content.find('\n');
  if (end == std::string::npos) return Damaged("no first line");
  const std::string first = content.substr(0, end);
  std::uint32_t version = 0;
  std::uint64_t checksum = 0;
  std::uint64_t bytes = 0;
  const int fields =
      std::sscanf(first.c_str(), "lb-plan %" SCNu32 " %" SCNx64 " %" SCNu64,
                  &version, &checksum, &bytes);
  if (fields >= 1 && version > kVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "plan file has version ", version, ", this program knows ", kVersion,
        "; run the newer lb-agent that wrote it, or move the file away"));
  }
  if (fields != 3) return Damaged("first line");
  const std::string_view body = std::string_view(content).substr(end + 1);
  if (body.size() != bytes) return Damaged("length");
  if (Checksum(body) != checksum) return Damaged("checksum");
  return body;
}

}  // namespace

absl::StatusOr<PlanRecord> PlanFile::Load(const std::string& host) const {
  absl::StatusOr<std::string> content =
      ReadPrivateFile(path_, kPlanFileLimitBytes);
  if (absl::IsNotFound(content.status())) {
    PlanRecord empty;
    empty.host = host;
    return empty;
  }
  LB_RETURN_IF_ERROR(content.status());
  absl::StatusOr<std::string_view> body = Body(*content);
  if (!body.ok()) return Annotate(body.status(), path_);
  absl::StatusOr<PlanRecord> record = PlanRecordFromJson(*body);
  if (!record.ok()) return Annotate(Damaged(OneLine(record.status())), path_);
  if (record->host != host) {
    return absl::FailedPreconditionError(absl::StrCat(
        path_, ": plan file is of host ", record->host, ", not ", host,
        "; start with --host ", record->host, " or another --state-dir"));
  }
  return record;
}

absl::Status PlanFile::Save(const PlanRecord& record) const {
  const std::string body = PlanRecordToJson(record);
  std::string first(64, '\0');
  const int n = std::snprintf(first.data(), first.size(),
                              "lb-plan %" PRIu32 " %016" PRIx64 " %zu\n",
                              kVersion, Checksum(body), body.size());
  first.resize(static_cast<std::size_t>(n));
  return WriteFileDurably(path_, first + body);
}

}  // namespace lb::agent
