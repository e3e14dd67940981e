// lb_fleet: simulated agents, and the bare server beside which a controller is
// measured. scripts/bench-fleet runs both; a line of JSON a second says how it
// goes.

#include <grpcpp/server_builder.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/synchronization/mutex.h"
#include "tests/bench/fleet/bare_server.h"
#include "tests/bench/fleet/fleet_agent.h"

namespace lb::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::atomic<bool> stop = false;  // set by SIGTERM and SIGINT

double Quantile(const std::vector<std::chrono::nanoseconds>& sorted, double q) {
  if (sorted.empty()) return 0;
  const auto i =
      static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[i].count()) / 1e6;
}

void PrintAgents(double seconds, FleetStatistics& statistics) {
  auto latencies = statistics.TakePlanLatencies();
  std::sort(latencies.begin(), latencies.end());
  std::cout << "{\"seconds\":" << seconds
            << ",\"connected\":" << statistics.connected
            << ",\"welcomes\":" << statistics.welcomes
            << ",\"lost\":" << statistics.lost
            << ",\"reports\":" << statistics.reports
            << ",\"thinned\":" << statistics.thinned
            << ",\"report_bytes\":" << statistics.report_bytes
            << ",\"plans\":" << statistics.plans
            << ",\"moves\":" << statistics.moves
            << ",\"acknowledged\":" << statistics.acknowledged
            << ",\"reused_epochs\":" << statistics.reused_epochs
            << ",\"plan_ms\":[";
  const char* comma = "";
  for (const auto latency : latencies) {
    std::cout << comma << static_cast<double>(latency.count()) / 1e6;
    comma = ",";
  }
  std::cout << "],\"plan_p99_ms\":" << Quantile(latencies, 0.99) << "}"
            << std::endl;
}

struct AgentsRun {
  FleetOptions options;
  std::size_t count = 1'000;
  std::size_t first = 0;
  double seconds = 60;
  // Over which the agents first connect; 0: all at once.
  double ramp_s = 0;
};

void RunAgents(const AgentsRun& run) {
  FleetStatistics statistics;
  std::vector<std::unique_ptr<FleetAgent>> agents;
  std::vector<Now> due;
  const Now start = steady_clock::now();
  for (std::size_t i = 0; i < run.count; ++i) {
    agents.push_back(std::make_unique<FleetAgent>(
        FleetHost(run.first + i), run.first + i, run.options, statistics));
    due.push_back(start + std::chrono::duration_cast<milliseconds>(
                              std::chrono::duration<double>(
                                  run.ramp_s * static_cast<double>(i) /
                                  static_cast<double>(run.count))));
  }
  const auto seconds = [start] {
    return std::chrono::duration<double>(steady_clock::now() - start).count();
  };
  double printed = 0;
  while (!stop && seconds() < run.seconds) {
    const Now now = steady_clock::now();
    for (std::size_t i = 0; i < run.count; ++i) {
      if (now >= due[i]) due[i] = agents[i]->Tick(now);
    }
    if (seconds() - printed >= 1) {
      printed = seconds();
      PrintAgents(printed, statistics);
    }
    std::this_thread::sleep_until(now + milliseconds(10));
  }
  for (const auto& agent : agents) agent->Stop();
  for (const auto& agent : agents) agent->WaitUntilDown();
  PrintAgents(seconds(), statistics);
}

void RunServer(const std::string& listen,
               const FleetCertificates& certificates) {
  BareService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(listen, certificates.OfServer());
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) throw std::runtime_error("cannot listen on " + listen);
  const Now start = steady_clock::now();
  while (!stop) {
    std::this_thread::sleep_for(milliseconds(1'000));
    std::cout
        << "{\"seconds\":"
        << std::chrono::duration<double>(steady_clock::now() - start).count()
        << ",\"streams\":" << service.streams()
        << ",\"messages\":" << service.messages() << "}" << std::endl;
  }
  server->Shutdown(std::chrono::system_clock::now());
}

int Main(int argc, char** argv) {
  CLI::App app("Simulated agents, and the bare server to compare with.",
               "lb_fleet");
  app.require_subcommand(1);
  std::string tls;
  app.add_option("--tls", tls, "Directory of certificates; else plaintext");
  app.fallthrough();

  AgentsRun run;
  CLI::App& agents = *app.add_subcommand("agents", "Run simulated agents");
  std::int64_t interval_ms = 1'000;
  std::int64_t skew_ms = 0;
  agents.add_option("--target", run.options.target, "As gRPC writes it")
      ->required();
  agents.add_option("--count", run.count)->capture_default_str();
  agents.add_option("--first", run.first, "Number of the first host")
      ->capture_default_str();
  agents.add_option("--processors", run.options.processors)
      ->capture_default_str();
  agents.add_option("--buckets", run.options.buckets)->capture_default_str();
  agents.add_option("--interval-ms", interval_ms)->capture_default_str();
  agents.add_option("--skew-ms", skew_ms, "Time between changes of load")
      ->capture_default_str();
  agents
      .add_option("--skewed-buckets", run.options.skewed_buckets,
                  "Of one processor, that get more; 0: all of them")
      ->capture_default_str();
  agents.add_option("--seconds", run.seconds)->capture_default_str();
  agents.add_option("--ramp-s", run.ramp_s)->capture_default_str();
  agents.add_flag("--saturate", run.options.saturate);

  CLI::App& server = *app.add_subcommand("server", "Run the bare server");
  std::string listen;
  server.add_option("--listen", listen, "As gRPC writes it")->required();

  CLI::App& certificates =
      *app.add_subcommand("certificates", "Make those of --tls");
  std::size_t count = 0;
  certificates.add_option("--count", count, "Number of agents")->required();
  CLI11_PARSE(app, argc, argv);

  // As in the programs that are measured.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  std::signal(SIGTERM, [](int) { stop = true; });
  std::signal(SIGINT, [](int) { stop = true; });
  try {
    const FleetCertificates files(tls);
    if (certificates.parsed()) {
      files.Make(count);
    } else if (server.parsed()) {
      RunServer(listen, files);
    } else {
      run.options.interval = milliseconds(interval_ms);
      run.options.skew_period = milliseconds(skew_ms);
      run.options.certificates = &files;
      RunAgents(run);
    }
  } catch (const std::exception& error) {
    std::cerr << "lb_fleet: error: " << error.what() << std::endl;
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace lb::bench

int main(int argc, char** argv) { return lb::bench::Main(argc, argv); }
