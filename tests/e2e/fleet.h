// A controller, agents and lbctl as real processes in a directory of their
// own. Failures to start are test failures. One thread.
#ifndef LB_TESTS_E2E_FLEET_H_
#define LB_TESTS_E2E_FLEET_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace lb::e2e {

// Longest wait for anything; far beyond what a loaded machine needs.
inline constexpr std::chrono::seconds kLimit{90};

// Flags of a program and their values; a flag with an empty one stands alone.
using Flags = std::map<std::string, std::string>;

class Fleet {
 public:
  Fleet();

  // lb-controller on the fleet's data and run directories with a policy that
  // acts soon. `other` flags take precedence. Returns once it serves.
  void StartController(const Flags& other = {});
  // Tells it to stop, and expects that it ends well.
  void StopController();
  // As StartController(), without waiting or expecting it to come up.
  std::unique_ptr<Process> TryController(const Flags& other);
  // lb-agent for `host` with skewed generated traffic and a fixed key.
  std::unique_ptr<Process> StartAgent(const std::string& host,
                                      const Flags& other = {});

  // lbctl with the rights that a command needs.
  Ended Lbctl(std::vector<std::string> arguments);
  // Its JSON answer; null, and a test failure, if it failed.
  nlohmann::json Ask(std::vector<std::string> arguments);
  // Names of all plans; all events by revision, one JSON text each.
  std::set<std::string> PlanNames();
  std::set<std::string> Events();

  using Wanted = std::function<bool(const nlohmann::json&)>;
  // Follows the events from the first one on until `wanted` accepts one.
  // Returns it; null, and a test failure, if the limit passed.
  nlohmann::json WaitForEvent(const Wanted& wanted);
  // Until so many more reports of the host have come to the controller.
  void WaitForReports(const std::string& host, int reports);

  Process& controller() { return *controller_; }
  std::string File(const std::string& name) const { return dir_.File(name); }

 private:
  // Runs lbctl until `wanted` accepts a line that it prints; as WaitForEvent().
  nlohmann::json Follow(std::vector<std::string> arguments,
                        const Wanted& wanted);

  const TempDir dir_;
  std::unique_ptr<Process> controller_;
};

// JSON has the API's numbers of 64 bits as texts.
std::uint64_t Number(const nlohmann::json& value);
bool IsKind(const nlohmann::json& event, const std::string& kind);
void ExpectNothingLost(const nlohmann::json& counters);

// The number that follows the last `before` in `text`; -1 if there is none.
long long NumberAfter(const std::string& text, const std::string& before);

}  // namespace lb::e2e

#endif  // LB_TESTS_E2E_FLEET_H_
