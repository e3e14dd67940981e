// lb_store_bench: how fast the history is written, and how long commits take
// while it is read. scripts/bench-store runs it; a line of JSON says what came
// of a repetition.

#include <array>
#include <chrono>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/store/commit_delay.h"
#include "tests/bench/store/opened_store.h"
#include "tests/bench/store/write_rate.h"

namespace lb::bench {
namespace {

constexpr const char* kUsage =
    "usage: lb_store_bench telemetry DIRECTORY\n"
    "       lb_store_bench control DIRECTORY\n"
    "       lb_store_bench delays DIRECTORY RECORDS ROUNDS SECONDS\n"
    "DIRECTORY is an empty one.\n";

void Print(const WriteRate& rate) {
  std::cout << "{\"rows\":" << rate.rows
            << ",\"store_rows_per_s\":" << rate.store_rows_per_s
            << ",\"bare_rows_per_s\":" << rate.bare_rows_per_s
            << ",\"rows_a_transaction\":" << rate.rows_a_transaction << "}\n";
}

void Print(const char* reading, const CommitDelays& delays) {
  std::cout << "{\"reading\":\"" << reading
            << "\",\"rows_read\":" << delays.rows_read
            << ",\"backups\":" << delays.backups << ",\"commit_ms\":[";
  const char* comma = "";
  for (const double ms : delays.commit_ms) {
    std::cout << comma << ms;
    comma = ",";
  }
  std::cout << "]}" << std::endl;
}

void RunDelays(const std::string& directory, std::size_t records, int rounds,
               std::chrono::seconds time) {
  constexpr std::array<std::pair<const char*, Reading>, 4> kReadings = {
      {{"nothing", Reading::kNothing},
       {"audit", Reading::kAudit},
       {"events", Reading::kEvents},
       {"backup", Reading::kBackup}}};
  const OpenedStore store(directory + "/store");
  const auto start = std::chrono::steady_clock::now();
  FillAudit(*store, records);
  std::cout << "{\"filled_s\":"
            << std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                             start)
                   .count()
            << "}" << std::endl;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& [name, reading] : kReadings) {
      Print(name, MeasureCommits(*store, reading, time, directory));
    }
  }
}

int Run(const std::vector<std::string>& arguments) {
  const std::string part = arguments.empty() ? "" : arguments[0];
  CountTransactions();
  if (part == "telemetry" && arguments.size() == 2) {
    Print(MeasureTelemetry(arguments[1]));
  } else if (part == "control" && arguments.size() == 2) {
    Print(MeasureControl(arguments[1]));
  } else if (part == "delays" && arguments.size() == 5) {
    RunDelays(arguments[1], std::stoul(arguments[2]), std::stoi(arguments[3]),
              std::chrono::seconds(std::stoi(arguments[4])));
  } else {
    std::cerr << kUsage;
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace lb::bench

int main(int argc, char** argv) {
  try {
    return lb::bench::Run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "lb_store_bench: error: " << error.what() << "\n";
    return 1;
  }
}
