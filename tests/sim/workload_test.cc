#include "sim/workload.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace lb::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

Scenario Traffic() {
  Scenario s;
  s.processors = 4;
  s.buckets = 64;
  s.load_permille = 500;
  s.service = Microseconds(100);  // 20,000 packets a second
  s.connections = 100;
  s.duration = Milliseconds(10'000);
  s.ignored = Milliseconds(0);
  return s;
}

struct Seen {
  std::vector<std::uint64_t> by_second;
  std::vector<double> cpus_by_second;
  std::map<std::uint32_t, std::uint64_t> by_bucket;
  std::vector<std::vector<std::uint64_t>> odd_by_second;  // even, odd
  std::vector<std::int64_t> first_times;
};

Seen Watch(const Scenario& scenario, std::uint64_t seed = 1) {
  auto workload = MakeWorkload(scenario, seed);
  EXPECT_TRUE(workload.ok()) << workload.status();
  ConnectionBook book(scenario.buckets, (*workload)->open(), 10);
  (*workload)->Start(book);
  const std::int64_t end = scenario.duration.count() * 1'000'000;
  const auto seconds = static_cast<std::size_t>(end / kSecond);
  Seen seen;
  seen.by_second.resize(seconds);
  seen.cpus_by_second.resize(seconds);
  seen.odd_by_second.resize(seconds, {0, 0});
  std::int64_t last = 0;
  for (Arrival a = (*workload)->Next(); a.time_ns < end;
       a = (*workload)->Next()) {
    EXPECT_GE(a.time_ns, last);
    last = a.time_ns;
    const auto second = static_cast<std::size_t>(a.time_ns / kSecond);
    const std::uint32_t bucket = book[a.connection].bucket.value();
    EXPECT_FALSE(book[a.connection].closed);
    ++seen.by_second[second];
    seen.cpus_by_second[second] += a.service_ns / 1e9;
    ++seen.by_bucket[bucket];
    ++seen.odd_by_second[second][bucket % 2];
    if (seen.first_times.size() < 100) seen.first_times.push_back(a.time_ns);
  }
  return seen;
}

TEST(RandomWorkload, OffersItsLoad) {
  for (const ServiceTimes times :
       {ServiceTimes::kFixed, ServiceTimes::kExponential}) {
    Scenario s = Traffic();
    s.service_times = times;
    s.lifetime = Milliseconds(1'000);
    for (const double cpus : Watch(s).cpus_by_second) {
      EXPECT_NEAR(cpus, 2, 0.1);
    }
  }
}

TEST(RandomWorkload, DependsOnTheSeedAlone) {
  EXPECT_EQ(Watch(Traffic(), 3).first_times, Watch(Traffic(), 3).first_times);
  EXPECT_NE(Watch(Traffic(), 3).first_times, Watch(Traffic(), 4).first_times);
}

TEST(RandomWorkload, GapsAreExponential) {
  Scenario s = Traffic();
  auto workload = MakeWorkload(s, 1);
  ConnectionBook book(s.buckets, (*workload)->open(), 10);
  (*workload)->Start(book);
  double sum = 0;
  double squares = 0;
  constexpr int kGaps = 100'000;
  std::int64_t last = 0;
  for (int i = 0; i < kGaps; ++i) {
    const std::int64_t time = (*workload)->Next().time_ns;
    const auto gap = static_cast<double>(time - last) / 50'000;
    last = time;
    sum += gap;
    squares += gap * gap;
  }
  EXPECT_NEAR(sum / kGaps, 1, 0.01);
  EXPECT_NEAR(squares / kGaps, 2, 0.06);
}

TEST(RandomWorkload, AnElephantHasItsPart) {
  Scenario s = Traffic();
  s.elephant_permille = 600;
  auto workload = MakeWorkload(s, 1);
  ConnectionBook book(s.buckets, (*workload)->open(), 10);
  (*workload)->Start(book);
  const BucketId heaviest = (*workload)->HeaviestBucket();
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    if (book[(*workload)->Next().connection].bucket == heaviest) ++hits;
  }
  EXPECT_GT(hits, 59'000);
  EXPECT_LT(hits, 75'000);  // others share its bucket
}

TEST(RandomWorkload, RoundRobinAndEqualIsEven) {
  Scenario s = Traffic();
  s.connections = 128;
  s.rates = Rates::kEqual;
  s.placement = Placement::kRoundRobin;
  const Seen seen = Watch(s);
  ASSERT_EQ(seen.by_bucket.size(), 64U);
  for (const auto& [bucket, packets] : seen.by_bucket) {
    EXPECT_NEAR(static_cast<double>(packets), 200'000.0 / 64, 250) << bucket;
  }
}

TEST(RandomWorkload, AWaveTurnsEveryHalfPeriod) {
  Scenario s = Traffic();
  s.rates = Rates::kEqual;
  s.wave_period = Milliseconds(4'000);
  s.wave_permille = 500;
  const Seen seen = Watch(s);
  for (std::size_t second = 0; second < 10; ++second) {
    const bool even_high = second / 2 % 2 == 0;
    EXPECT_NEAR(static_cast<double>(seen.odd_by_second[second][0]),
                even_high ? 15'000 : 5'000, 600)
        << second;
    EXPECT_NEAR(static_cast<double>(seen.odd_by_second[second][1]),
                even_high ? 5'000 : 15'000, 600)
        << second;
  }
}

TEST(RandomWorkload, AFlashCrowdComesAndGoes) {
  Scenario s = Traffic();
  s.happenings = {{.kind = HappeningKind::kFlashCrowd,
                   .at = Milliseconds(3'000),
                   .permille = 250,
                   .connections = 10,
                   .until = Milliseconds(6'000)}};
  const Seen seen = Watch(s);
  for (std::size_t second = 0; second < 10; ++second) {
    EXPECT_NEAR(static_cast<double>(seen.by_second[second]),
                second >= 3 && second < 6 ? 30'000 : 20'000, 800)
        << second;
  }
}

TEST(RandomWorkload, ConnectionsComeAndGo) {
  Scenario s = Traffic();
  s.buckets = 65'536;
  s.lifetime = Milliseconds(2'000);
  // 100 at first, and 50 new ones a second, for 10 s; the lightest send 4
  // packets a second, so that nearly all are seen.
  EXPECT_NEAR(static_cast<double>(Watch(s).by_bucket.size()), 600, 60);
  s.lifetime = Milliseconds(0);
  EXPECT_EQ(Watch(s).by_bucket.size(), 100U);
}

TEST(CaptureWorkload, PlaysACaptureAtTheLoad) {
  Scenario s = Traffic();
  s.capture = std::string(LB_SOURCE_DIR) + "/tests/data/mixed.pcap";
  s.service = Microseconds(1'000);
  s.duration = Milliseconds(40'000);
  const Seen seen = Watch(s);
  double cpus = 0;
  for (const double second : seen.cpus_by_second) cpus += second / 40;
  EXPECT_NEAR(cpus, 2, 0.1);
  EXPECT_EQ(seen.first_times, Watch(s).first_times);
}

TEST(CaptureWorkload, NamesWhatItCannotRead) {
  Scenario s = Traffic();
  s.capture = "/does/not/exist.pcap";
  const auto workload = MakeWorkload(s, 1);
  EXPECT_TRUE(absl::IsNotFound(workload.status())) << workload.status();
}

}  // namespace
}  // namespace lb::sim
