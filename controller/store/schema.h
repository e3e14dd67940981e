// The files' schemas, as the list of steps from an empty file. Each file names
// its kind (application_id) and the number of steps taken (user_version).
#ifndef LB_CONTROLLER_STORE_SCHEMA_H_
#define LB_CONTROLLER_STORE_SCHEMA_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace lb::controller {

struct Schema {
  std::string_view name;  // for people: "control", "telemetry"
  // What to do about a file that is damaged.
  std::string_view next_step;
  std::int64_t application_id;
  // Step i leads from version i to i + 1. Never edit one that was released.
  std::span<const std::string_view> migrations;

  std::int64_t version() const {
    return static_cast<std::int64_t>(migrations.size());
  }
};

const Schema& ControlSchema();
const Schema& TelemetrySchema();

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_SCHEMA_H_
