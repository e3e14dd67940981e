#include "tests/e2e/fleet.h"

#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "gtest/gtest.h"

namespace lb::e2e {
namespace {

using nlohmann::json;

constexpr char kLbctl[] = LB_BIN_DIR "/lbctl";

constexpr char kPolicy[] =
    "report_interval_ms: 250\n"
    "half_life_ms: 750\n"
    "warm_up_ms: 1500\n"
    "bucket_cooldown_ms: 2000\n"
    "max_moves_permille: 100\n"
    "fair_queue_quantum_us: 100\n"
    "fair_queue_limit_packets: 4000\n";

using Variables = std::map<std::string, std::string>;

std::unique_ptr<Process> Start(const std::vector<std::string>& argv,
                               const Variables& variables = {}) {
  auto process = Process::Start(argv, variables);
  EXPECT_TRUE(process.ok()) << process.status();
  return process.ok() ? *std::move(process) : nullptr;
}

std::unique_ptr<Process> Start(const std::string& program, Flags other,
                               const Flags& flags) {
  other.insert(flags.begin(), flags.end());  // keeps what is there
  std::vector<std::string> argv = {LB_BIN_DIR "/" + program};
  for (const auto& [flag, value] : other) {
    argv.push_back(flag);
    if (!value.empty()) argv.push_back(value);
  }
  return Start(argv);
}

// Never the machine's own controller.
Variables LbctlVariables(const Fleet& fleet) {
  return {{"LBCTL_CONTROLLER", ""}, {"LBCTL_RUN_DIR", fleet.File("run")}};
}

}  // namespace

Fleet::Fleet() {
  std::ofstream(File("policy.yaml")) << kPolicy;
  // One key for every run, so that every run deals the same way.
  const std::string key = File("key");
  std::ofstream(key) << "siphash 000102030405060708090a0b0c0d0e0f\n";
  chmod(key.c_str(), 0600);
}

std::unique_ptr<Process> Fleet::TryController(const Flags& other) {
  // Never with the machine's own configuration file.
  return Start("lb-controller", other,
               {{"--config", "/dev/null"},
                {"--data-dir", File("data")},
                {"--run-dir", File("run")},
                {"--policy", File("policy.yaml")}});
}

void Fleet::StartController(const Flags& other) {
  controller_ = TryController(other);
  ASSERT_NE(controller_, nullptr);
  ASSERT_TRUE(controller_->WaitForLine("serving on", kLimit))
      << controller_->err();
}

void Fleet::StopController() {
  controller_->Signal(SIGTERM);
  const auto ended = controller_->Wait(kLimit);
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->exit_code, 0) << ended->err;
}

std::unique_ptr<Process> Fleet::StartAgent(const std::string& host,
                                           const Flags& other) {
  return Start(
      "lb-agent", other,
      {{"--host", host},
       {"--controller", "unix:" + File("run/agent.sock")},
       {"--state-dir", File("state-" + host)},
       {"--key-file", File("key")},
       {"--processors", "4"},
       {"--capacity", "1/6"},
       {"--no-spin", ""},
       {"--buckets", "256"},
       {"--source", "generate:seed=1,connections=300,zipf=0.9,rate=4000"},
       {"--handler", "burn:40us"},
       {"--log-level", "debug"}});
}

Ended Fleet::Lbctl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kLbctl);
  auto ended = RunProgram(arguments, kLimit, LbctlVariables(*this));
  EXPECT_TRUE(ended.ok()) << ended.status();
  return ended.ok() ? *ended : Ended();
}

json Fleet::Ask(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"-o", "json"});
  const Ended ended = Lbctl(arguments);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  return json::parse(ended.out, nullptr, false);
}

std::set<std::string> Fleet::PlanNames() {
  std::set<std::string> names;
  const json answer = Ask({"plan", "list", "--limit", "0"});
  for (const json& plan : answer["plans"]) names.insert(plan["name"]);
  return names;
}

std::set<std::string> Fleet::Events() {
  const Ended ended = Lbctl({"event", "tail", "--limit", "0", "-o", "json"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  std::set<std::string> events;
  std::istringstream lines(ended.out);
  for (std::string line; std::getline(lines, line);) events.insert(line);
  return events;
}

json Fleet::WaitForEvent(const Wanted& wanted) {
  return Follow({"event", "tail", "--follow", "--limit", "0"}, wanted);
}

void Fleet::WaitForReports(const std::string& host, int reports) {
  Follow({"load", "watch", "--host", host},
         [&reports](const json&) { return --reports <= 0; });
}

json Fleet::Follow(std::vector<std::string> arguments, const Wanted& wanted) {
  arguments.insert(arguments.begin(), kLbctl);
  arguments.insert(arguments.end(), {"-o", "json"});
  const std::unique_ptr<Process> lines =
      Start(arguments, LbctlVariables(*this));
  json found;
  std::size_t read = 0;
  const bool came = lines->WaitUntil(
      [&] {
        for (std::size_t end = lines->out().find('\n', read);
             end != std::string::npos; end = lines->out().find('\n', read)) {
          found = json::parse(lines->out().substr(read, end - read), nullptr,
                              false);
          read = end + 1;
          if (wanted(found)) return true;
        }
        return false;
      },
      kLimit);
  EXPECT_TRUE(came) << "nothing of this was wanted: " << lines->out()
                    << " errors: " << lines->err();
  return came ? found : json();
}

std::uint64_t Number(const json& value) {
  return value.is_string() ? std::stoull(value.get<std::string>())
                           : value.get<std::uint64_t>();
}

bool IsKind(const json& event, const std::string& kind) {
  return event.value("kind", "") == kind;
}

void ExpectNothingLost(const json& counters) {
  for (const char* field : {"lost", "reordered", "duplicated"}) {
    EXPECT_EQ(Number(counters[field]), 0u) << field << " in " << counters;
  }
}

long long NumberAfter(const std::string& text, const std::string& before) {
  const std::size_t at = text.rfind(before);
  if (at == std::string::npos) return -1;
  std::istringstream in(text.substr(at + before.size()));
  long long number = -1;
  in >> number;
  return in ? number : -1;
}

}  // namespace lb::e2e
