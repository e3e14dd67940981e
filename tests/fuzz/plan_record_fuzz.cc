// Any text as the plan an agent kept on disk: an error, or a record that is
// read back as it was written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/plan_record_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto record = lb::agent::PlanRecordFromJson(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (!record.ok()) return 0;
  const std::string written = lb::agent::PlanRecordToJson(*record);
  const auto again = lb::agent::PlanRecordFromJson(written);
  if (!again.ok() || lb::agent::PlanRecordToJson(*again) != written) {
    std::abort();
  }
  return 0;
}
