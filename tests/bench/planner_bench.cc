// The planners on the reference hosts, on hosts of many buckets, and beside
// their bars. Prints a table; scripts/bench-planner builds and runs it.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include "balance/draft_table.h"
#include "balance/load_plan.h"
#include "balance/planner.h"
#include "balance/rsspp_plan.h"
#include "tests/balance/random_snapshot.h"
#include "tests/balance/reference_hosts.h"

namespace lb::balance {
namespace {

constexpr int kRepetitions = 101;
// What four digits of the table cannot tell.
constexpr double kRounding = 1e-6;

volatile std::size_t benchmark_sink = 0;

struct Run {
  Proposal proposal;
  std::vector<double> us;

  double moves() const { return static_cast<double>(proposal.moves.size()); }
  double Median() {
    std::sort(us.begin(), us.end());
    return us[us.size() / 2];
  }
};

void Once(const Planner& planner, const Snapshot& snapshot,
          const PlanRequest& request, Run& run) {
  const auto start = std::chrono::steady_clock::now();
  absl::StatusOr<Proposal> proposal = planner.Propose(snapshot, request);
  const std::chrono::duration<double, std::micro> time =
      std::chrono::steady_clock::now() - start;
  run.us.push_back(time.count());
  run.proposal = *std::move(proposal);
}

// Solving alone, from what is known of the host to the moves: microseconds.
template <class Solve>
double SolveUs(Solve&& solve) {
  std::vector<double> us;
  std::size_t moves = 0;
  for (int i = 0; i < kRepetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    moves += solve().size();
    const std::chrono::duration<double, std::micro> time =
        std::chrono::steady_clock::now() - start;
    us.push_back(time.count());
  }
  benchmark_sink = moves;
  std::sort(us.begin(), us.end());
  return us[us.size() / 2];
}

class GeometricMean {
 public:
  void Add(double value) {
    logarithms_ += std::log(value);
    ++count_;
  }
  double value() const { return std::exp(logarithms_ / count_); }

 private:
  double logarithms_ = 0;
  int count_ = 0;
};

void PrintBar(const char* words, double figure, double most) {
  std::printf("%-62s %9.3f %9.3f  %s\n", words, figure, most,
              figure <= most ? "OK" : "MISS");
}

struct Totals {
  GeometricMean baseline_after, baseline_moves, baseline_us;
  GeometricMean same_moves, same_time, same_solve, same_fewest;
  GeometricMean close_moves, close_fewest;
  int same_missed = 0;
  int close_missed = 0;
  double most_over = -1e9;
};

void Compare(const ReferenceHost& host, Totals& totals) {
  const std::unique_ptr<Planner> load = *MakePlanner(PlannerKind::kLoad);
  const std::unique_ptr<Planner> rsspp = *MakePlanner(PlannerKind::kRsspp);
  Run same;
  Run close;
  Run baseline;
  for (int i = 0; i < kRepetitions; ++i) {
    Once(*rsspp, host.snapshot, SameTarget(host), baseline);
    Once(*load, host.snapshot, SameTarget(host), same);
    Once(*load, host.snapshot, CloseTarget(), close);
  }
  const DraftTable table(host.snapshot);
  const PlanRequest request = SameTarget(host);
  const double baseline_us =
      SolveUs([&] { return RssppPlan(host.snapshot, table).Run(); });
  const double solve_us =
      SolveUs([&] { return LoadPlan(host.snapshot, table, request, 0).Run(); });
  const double bound = same.proposal.bound;
  const auto moves = static_cast<double>(host.moves);
  const auto fewest = [&](const PlanRequest& r) {
    return std::max(1.0, static_cast<double>(FewestMoves(host.snapshot, r)));
  };
  const double target =
      static_cast<double>(*request.target_imbalance_ppb) / 1e9;
  const bool reached =
      same.proposal.imbalance_after <= std::max(target, bound) + kRounding;
  const bool close_reached =
      close.proposal.imbalance_after <= 1.01 * bound + kRounding;
  std::printf(
      "%-21s%7.4f%7.4f |%7.4f%5.0f%6.1f |%7.4f%5.0f%6.1f |%7.4f%s%4.0f%5.0f"
      "%6.1f |%7.4f%s%4.0f%5.0f%6.1f\n",
      host.name.c_str(), host.before, bound, host.after, moves, host.solve_us,
      baseline.proposal.imbalance_after, baseline.moves(), baseline_us,
      same.proposal.imbalance_after, reached ? " " : "!", same.moves(),
      fewest(request), solve_us, close.proposal.imbalance_after,
      close_reached ? " " : "!", close.moves(), fewest(CloseTarget()),
      close.Median());
  totals.baseline_after.Add(baseline.proposal.imbalance_after / host.after);
  totals.baseline_moves.Add(std::max(1.0, baseline.moves()) / moves);
  totals.baseline_us.Add(baseline_us / host.solve_us);
  totals.same_solve.Add(solve_us / baseline_us);
  totals.same_moves.Add(std::max(1.0, same.moves()) / moves);
  totals.same_fewest.Add(fewest(request) / moves);
  totals.same_time.Add(same.Median() / baseline.Median());
  totals.close_moves.Add(std::max(1.0, close.moves()) / moves);
  totals.close_fewest.Add(fewest(CloseTarget()) / moves);
  totals.same_missed += reached ? 0 : 1;
  totals.close_missed += close_reached ? 0 : 1;
  totals.most_over = std::max(totals.most_over, same.moves() - moves);
}

double LargeMs(std::uint32_t buckets, std::uint32_t processors,
               const PlanRequest& request) {
  Random random(7);
  const Snapshot s = SkewedSnapshot(random, {.processors = processors,
                                             .buckets = buckets,
                                             .loaded = buckets * 2,
                                             .zipf = 0.8,
                                             .low = 1,
                                             .high = 1e9});
  const std::unique_ptr<Planner> load = *MakePlanner(PlannerKind::kLoad);
  Run run;
  for (int i = 0; i < 15; ++i) Once(*load, s, request, run);
  std::printf("%7u %5u %10.4f %10.4f %7.4f %6.0f %8.3f\n", buckets, processors,
              run.proposal.imbalance_before, run.proposal.imbalance_after,
              run.proposal.bound, run.moves(), run.Median() / 1e3);
  return run.Median() / 1e3;
}

void PrintLarge() {
  std::printf(
      "\nbuckets  CPUs     before      after   bound  moves       ms\n");
  std::vector<double> ms;
  for (std::uint32_t buckets : {1'024u, 4'096u, 16'384u, 65'536u}) {
    ms.push_back(LargeMs(buckets, 64, {}));
  }
  double worst = 0;
  for (std::uint32_t permille : {1'030u, 1'010u, 1'000u}) {
    worst =
        std::max(worst, LargeMs(65'536, 256, {.target_permille = permille}));
  }
  std::printf("\n");
  PrintBar("ms for 65,536 buckets and 256 processors, any target", worst, 10);
  // log(65,536) / log(4,096) is 4/3.
  PrintBar("time of 65,536 buckets over that of 4,096, by N log N",
           ms[3] / ms[1] / (16 * 4 / 3.0), 1);
}

int Main() {
  std::printf("%35s | %-18s| %-18s| %-25s| %s\n", "", "reference", "rsspp",
              "load, same target", "load, 1.01 x bound");
  std::printf("%-21s%7s%7s |%7s%5s%6s |%7s%5s%6s |%7s%5s%5s%6s |%7s%5s%5s%6s\n",
              "host", "before", "bound", "after", "move", "us", "after", "move",
              "us", "after", "move", "min", "us", "after", "move", "min", "us");
  Totals t;
  for (const ReferenceHost& host : ReadReferenceHosts()) Compare(host, t);
  std::printf(
      "\nmin: no plan that reaches the target has fewer moves; its geometric "
      "means, over RSS++'s moves,\nare %.3f and %.3f. rsspp's imbalance and "
      "moves are %.3f and %.3f of RSS++'s.\nus: solving, as the reference "
      "times it; "
      "at 1.01 x bound a whole call, indexes, reasons and all.\nWhole calls at "
      "the same target: %.3f of rsspp's.\n\n",
      t.same_fewest.value(), t.close_fewest.value(), t.baseline_after.value(),
      t.baseline_moves.value(), t.same_time.value());
  std::printf("%-62s %9s %9s\n", "bar (means are geometric)", "figure",
              "at most");
  PrintBar("rsspp's solve time over the table's", t.baseline_us.value(), 2);
  PrintBar("same target: hosts it is not reached on", t.same_missed, 0);
  PrintBar("same target: moves over RSS++'s", t.same_moves.value(), 0.38);
  PrintBar("same target: moves more than RSS++, worst host", t.most_over, 1);
  PrintBar("same target: solve time over rsspp's", t.same_solve.value(), 0.15);
  PrintBar("1.01 x bound: hosts it is not reached on", t.close_missed, 0);
  PrintBar("1.01 x bound: moves over RSS++'s", t.close_moves.value(), 0.5);
  PrintLarge();
  return 0;
}

}  // namespace
}  // namespace lb::balance

int main() { return lb::balance::Main(); }
